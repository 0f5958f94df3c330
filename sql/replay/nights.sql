-- A replay night by night: who came, how its lists were made, and how each kind did.
SELECT night.night + 1 AS night, strftime(night.moment, '%Y-%m-%d') AS day, night.people, night.judged,
       night.newcomers, night.new_lists, night.fitted, night.status, night.requests,
       night.seconds, night.work_seconds
FROM replayed_nights AS night
WHERE night.run_id = $run_id
ORDER BY night.night
