-- What these people typed of their taste.
SELECT typed.user, typed.taste, typed.taste_weight
FROM tastes AS typed
WHERE run_id = $run_id
ORDER BY typed.user
