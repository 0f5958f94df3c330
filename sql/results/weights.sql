-- What the learned orders of one run go by: of every group of features the three strongest weights
-- (log odds per standard deviation), and the group's share of the sum of all absolute weights.
-- Of every data set the first cell stands for all: a grid may hold dozens that differ little.
--   leads  whether the feature is the strongest of its group
--   gain   its share of what the trees beside the weights gained by their splits; null without trees
WITH ordered AS (
    SELECT learned.*, sum(abs(weight)) OVER of_group / nullif(sum(abs(weight)) OVER of_cell, 0) AS share,
           row_number() OVER (of_group ORDER BY abs(weight) DESC, feature) AS strength
    FROM learned_weights AS learned
    WHERE run_id = $run_id
    WINDOW of_cell AS (PARTITION BY cell), of_group AS (PARTITION BY cell, feature_group)
), first AS (
    SELECT min(cell) AS cell
    FROM learned_weights
    JOIN cells USING (run_id, cell)
    WHERE run_id = $run_id
    GROUP BY dataset
)
SELECT ordered.cell, cell.label, cell.dataset, cell.protocol, cell.model, cell.first_seed,
       ordered.feature, ordered.feature_group, ordered.weight, ordered.gain, ordered.share, ordered.strength = 1 AS leads
FROM ordered
JOIN first USING (cell)
JOIN cells AS cell USING (run_id, cell)
WHERE ordered.strength <= 3
ORDER BY ordered.cell, ordered.share DESC, ordered.feature_group, ordered.strength
