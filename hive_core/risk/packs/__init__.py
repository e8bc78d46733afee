"""Rule packs: one TOML file a programme and phase, and their loading."""
