-- How old are tonight's lists, and the base models behind them? Which night made how many?
-- Per person: palate sql "FROM list_age". Unknown ages are of nights that are not in the file.
SELECT listed_in, listed_at_utc, count(*) AS users,
       round(any_value(list_hours) / 24, 2) AS list_days, model_from, model_at_utc,
       round(any_value(model_hours) / 24, 2) AS model_days
FROM list_age
GROUP BY listed_in, listed_at_utc, model_from, model_at_utc
ORDER BY list_days DESC NULLS FIRST, listed_in
