-- Which items does re-ranking push, and which does it bury: in how many lists, base and re-ranked?
-- Those that gained most lists come first, those that lost most last. Popularity is from 0 to 1.
SELECT item, title, base_lists, reranked_lists, published_lists,
       reranked_lists - base_lists AS gained, round(base_place, 1) AS base_place,
       round(reranked_place, 1) AS reranked_place, round(popularity, 2) AS popularity
FROM exposure
WHERE reranked_lists <> base_lists
QUALIFY row_number() OVER (ORDER BY gained DESC, item) <= 20
     OR row_number() OVER (ORDER BY gained, item) <= 20
ORDER BY gained DESC, item
