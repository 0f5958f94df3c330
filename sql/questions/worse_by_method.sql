-- For how many people is the re-ranked list worse than the base list, and for how many better?
SELECT dataset, protocol, label, model, round(better, 3) AS share_better,
       round(worse, 3) AS share_worse, round(difference, 4) AS ndcg_gained, verdict, run_id
FROM lift_over_base
WHERE metric = 'NDCG' AND k = 10
ORDER BY run_id DESC, share_worse DESC
