-- For how many users a night made lists anew or kept them, and why.
SELECT lists, reason, users
FROM changes
WHERE run_id = $run_id
ORDER BY list_position(['new', 'kept', 'gone'], lists), users DESC, reason
