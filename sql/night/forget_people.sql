-- What is known of people stays as long as their lists.
DELETE FROM favourites WHERE run_id NOT IN (SELECT run_id FROM ranked_items);
DELETE FROM tastes WHERE run_id NOT IN (SELECT run_id FROM ranked_items);
