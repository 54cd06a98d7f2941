{#
  What the strategies share. `pool` is the table that the engine prepares: a row per sample with the
  columns of sample_scores and samples, restricted by --where. `candidate` is the condition that follows
  from a strategy's header: the sample has every score that the strategy needs.
#}

{# CTE body: category, quota. m_l is the largest remainder of weight × m within what `candidates` has (DESIGN §4.5). #}
{% macro quotas(weights, m, redistribute) %}
    SELECT
        unnest(list(category ORDER BY position)) AS category,
        unnest(apportion(
            {{ m }}, list(weight ORDER BY position), list(supply ORDER BY position), {{ redistribute }}
        )) AS quota
    FROM (
        SELECT w.category, w.weight, w.position, count(c.sample_id) AS supply
        FROM (
            VALUES
            {%- for category, weight in weights.items() %}

                ({{ category }}, {{ weight }}, {{ loop.index }}){% if not loop.last %},{% endif %}
            {%- endfor %}

        ) w (category, weight, position)
        LEFT JOIN candidates c USING (category)
        GROUP BY w.category, w.weight, w.position
    )
{%- endmacro %}

{# Order of a seeded shuffle: the same on every machine and DuckDB version, whatever the number of threads. #}
{% macro shuffled(seed) %}
md5(concat({{ seed }}, ':', sample_id)), sample_id
{%- endmacro %}

{# CTE body: category, quota, ids: the candidates of each category that gets any, ready to be clustered. #}
{% macro groups() %}
    SELECT category, quota, list(sample_id ORDER BY sample_id) AS ids
    FROM candidates
    JOIN quotas USING (category)
    WHERE quota > 0
    GROUP BY category, quota
{%- endmacro %}

{# CTE body: sample_id, position: a list of ids, in its order. #}
{% macro in_order(ids, relation) %}
    SELECT unnest({{ ids | safe }}) AS sample_id, generate_subscripts({{ ids | safe }}, 1) AS position
    FROM {{ relation | safe }}
{%- endmacro %}

{# Sum over the turns of a sample, the same in whatever order threads add: in multiples of 2^-32. #}
{% macro total(expression) %}
sum(round(({{ expression | safe }}) * 4294967296.0)) / 4294967296.0
{%- endmacro %}

{# What ranks samples: p, or f^a · q^b with other exponents than 1; rounded like p, so that ties are ties. #}
{% macro preference(f_exponent, q_exponent) %}
{% if f_exponent == 1 and q_exponent == 1 %}p{% else %}round(pow(f, {{ f_exponent }}) * pow(q, {{ q_exponent }}), 12){% endif %}
{%- endmacro %}
