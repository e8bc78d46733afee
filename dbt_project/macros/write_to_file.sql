{#- dbt-duckdb puts a row of nulls into a mart without rows, so that older DuckDB wrote a file at all. A row
    that is not there must not be counted: only rows that hold something are written. -#}
{% macro write_to_file(relation, location, options) -%}
  {% call statement('write_to_file') -%}
    copy (
      select * from {{ relation }}
      where not (
        {%- for column in adapter.get_columns_in_relation(relation) %}
        {{ adapter.quote(column.column) }} is null{{ ' and' if not loop.last }}
        {%- endfor %}
      )
    ) to '{{ location }}' ({{ options }})
  {%- endcall %}
{% endmacro %}
