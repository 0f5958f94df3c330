-- What the people whose lists the page shows rated highest, best first.
SELECT favourite.user, favourite.item, favourite.title, favourite.year, favourite.genres, favourite.rating
FROM favourites AS favourite
WHERE run_id = $run_id
ORDER BY favourite.user, favourite.rank
