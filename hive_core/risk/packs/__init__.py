"""Rule packs: one YAML file a programme, with phases, values, dates and sources. Reading them is `rules`."""
