-- The results file. Runs accumulate; nothing is ever updated, and only lists of old nights go. Ids are text, whatever they were
-- in the data set, because runs over different data sets share these tables.

CREATE TABLE IF NOT EXISTS runs (
    run_id          VARCHAR PRIMARY KEY,
    flow            VARCHAR NOT NULL,
    started_at_utc  TIMESTAMP NOT NULL,
    finished_at_utc TIMESTAMP NOT NULL,
    seconds         DOUBLE NOT NULL,
    dataset         VARCHAR,           -- this and the next ten: null where a run is of many things
    model           VARCHAR,
    scorer          VARCHAR,
    reranker        VARCHAR,
    top             INTEGER,
    ratings         BIGINT,
    items           BIGINT,
    users           BIGINT,            -- users served
    users_listed    BIGINT,            -- of these, users with a list: others have rated everything
    candidates      BIGINT,            -- (user, item) pairs considered
    unscored        BIGINT,            -- of these, pairs without a similarity: taken as neutral
    config          JSON NOT NULL,
    versions        JSON NOT NULL
);
ALTER TABLE runs ADD COLUMN IF NOT EXISTS status VARCHAR DEFAULT 'complete';
                                       -- 'degraded': base lists or no sentences, as the language
                                       -- model was down or gave too little;
                                       -- 'guarded': some users got base lists, which did better before
ALTER TABLE runs ADD COLUMN IF NOT EXISTS note VARCHAR;   -- why, if not complete
ALTER TABLE runs ADD COLUMN IF NOT EXISTS method VARCHAR; -- hash of all that decides the lists but
                                       -- for the data: nights of one method build on each other
ALTER TABLE runs ADD COLUMN IF NOT EXISTS model_from VARCHAR;  -- run that fitted the base model
ALTER TABLE runs ADD COLUMN IF NOT EXISTS measured_in VARCHAR; -- run whose held-out figures hold
ALTER TABLE runs ADD COLUMN IF NOT EXISTS state JSON;     -- what the next night builds on
ALTER TABLE runs ALTER COLUMN dataset DROP NOT NULL;
ALTER TABLE runs ALTER COLUMN model DROP NOT NULL;
ALTER TABLE runs ALTER COLUMN scorer DROP NOT NULL;
ALTER TABLE runs ALTER COLUMN reranker DROP NOT NULL;
ALTER TABLE runs ALTER COLUMN top DROP NOT NULL;
ALTER TABLE runs ALTER COLUMN ratings DROP NOT NULL;
ALTER TABLE runs ALTER COLUMN items DROP NOT NULL;
ALTER TABLE runs ALTER COLUMN users DROP NOT NULL;
ALTER TABLE runs ALTER COLUMN users_listed DROP NOT NULL;
ALTER TABLE runs ALTER COLUMN candidates DROP NOT NULL;
ALTER TABLE runs ALTER COLUMN unscored DROP NOT NULL;

-- What each task did. part: 'tonight' is what is published, 'held out' is for the metrics.
CREATE TABLE IF NOT EXISTS stages (
    run_id  VARCHAR NOT NULL,
    place   INTEGER NOT NULL,
    stage   VARCHAR NOT NULL,
    part    VARCHAR NOT NULL,
    cached  BOOLEAN NOT NULL,
    seconds DOUBLE NOT NULL,
    rows    BIGINT NOT NULL,
    PRIMARY KEY (run_id, place)
);
ALTER TABLE stages ADD COLUMN IF NOT EXISTS work_seconds DOUBLE;
                                       -- what the result took when it was made, perhaps earlier
ALTER TABLE stages ADD COLUMN IF NOT EXISTS peak_mb DOUBLE;
                                       -- most memory of the process meanwhile; null: not known
ALTER TABLE stages ADD COLUMN IF NOT EXISTS phase VARCHAR;   -- of the command, as its screen names
                                       -- it; null in this and the next two: of an earlier version
ALTER TABLE stages ADD COLUMN IF NOT EXISTS detail VARCHAR;  -- which model, protocol or the like
ALTER TABLE stages ADD COLUMN IF NOT EXISTS role VARCHAR;    -- data, candidates, order, figures

-- Rows of the data set that were left out or changed, and why.
CREATE TABLE IF NOT EXISTS dropped (
    run_id VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    rows   BIGINT NOT NULL,
    PRIMARY KEY (run_id, reason)
);

-- Each user's items that are in the base list or in the re-ranked one (or both), with the why.
CREATE TABLE IF NOT EXISTS ranked_items (
    run_id        VARCHAR NOT NULL,
    user          VARCHAR NOT NULL,
    item          VARCHAR NOT NULL,
    title         VARCHAR NOT NULL,
    year          INTEGER,
    base_rank     INTEGER NOT NULL,    -- by the base model alone
    rank          INTEGER NOT NULL,    -- after re-ranking
    estimate      DOUBLE NOT NULL,     -- base model's rating, on the data set's scale
    similarity    DOUBLE,              -- scorer's, in [-1, 1]; null: no score, or the order reads none
    popularity    DOUBLE,              -- log train rating count, 0 to 1; null: the order reads none
    date_affinity DOUBLE,              -- 0 to 1; null: year unknown, or the order reads none
    score         DOUBLE NOT NULL,     -- what the re-ranker ordered by; with `diversity` > 0 the
                                       -- first places are chosen by more, so ranks may not follow it
    PRIMARY KEY (run_id, user, item)
);
ALTER TABLE ranked_items ADD COLUMN IF NOT EXISTS external_quality DOUBLE;
                                       -- the catalogue's own (IMDb rating)
ALTER TABLE ranked_items ADD COLUMN IF NOT EXISTS external_votes DOUBLE;   -- log of its votes
ALTER TABLE ranked_items ADD COLUMN IF NOT EXISTS reranked_rank INTEGER;
                                       -- the re-ranker's; `rank`, what was published, is another
                                       -- only where the guard published base lists
ALTER TABLE ranked_items ADD COLUMN IF NOT EXISTS listed_in VARCHAR;
                                       -- run that made this user's list; null: this one
ALTER TABLE ranked_items ADD COLUMN IF NOT EXISTS why VARCHAR;
                                       -- the language model's sentence (--explain), for the first places
ALTER TABLE ranked_items ADD COLUMN IF NOT EXISTS reasons VARCHAR;
                                       -- the strongest reasons for the item's place; null: not given
ALTER TABLE ranked_items ALTER COLUMN popularity DROP NOT NULL;

-- For how many users a night made lists anew, or kept those of the night before, and why.
CREATE TABLE IF NOT EXISTS changes (
    run_id VARCHAR NOT NULL,
    lists  VARCHAR NOT NULL,           -- new, kept, gone
    reason VARCHAR NOT NULL,
    users  BIGINT NOT NULL,            -- a user with several reasons counts for the first
    PRIMARY KEY (run_id, lists, reason)
);

-- How lists published before did on the ratings that arrived since: re-ranked against base.
CREATE TABLE IF NOT EXISTS guard (
    run_id     VARCHAR NOT NULL,
    segment    VARCHAR NOT NULL,       -- everybody, or users by how much they had rated;
                                       -- held-out ratings: the method's own last measurement
    users      BIGINT NOT NULL,        -- with a list before and a new rating since
    ratings    BIGINT NOT NULL,        -- that arrived
    metric     VARCHAR NOT NULL,
    k          INTEGER NOT NULL,
    base       DOUBLE,
    reranked   DOUBLE,
    difference DOUBLE,
    low        DOUBLE,                 -- interval of the difference
    high       DOUBLE,
    verdict    VARCHAR NOT NULL,       -- worse (base lists are published), not worse, insufficient
    PRIMARY KEY (run_id, segment, metric)
);

-- What was measured: a method (base model, scorer, re-ranker) on a data set under a protocol.
-- A night has one cell, its own method on held-out ratings; an evaluation one; an experiment many.
CREATE TABLE IF NOT EXISTS cells (
    run_id         VARCHAR NOT NULL,
    cell           INTEGER NOT NULL,   -- place in the run, from 0
    label          VARCHAR NOT NULL,   -- the method's name in its grid
    dataset        VARCHAR NOT NULL,
    protocol       VARCHAR NOT NULL,   -- loo, split, user-split, per-user temporal, temporal,
                                       -- horizon, cold-user-K, cold-item; of a replay: replay
    model          VARCHAR NOT NULL,
    scorer         VARCHAR NOT NULL,   -- none: the order does not depend on it; leaky: it cheats
    reranker       VARCHAR NOT NULL,   -- random and oracle: floor and ceiling;
                                       -- diversity: base lists with a more diverse head
    external       BOOLEAN NOT NULL,   -- whether ratings and votes collected later were seen
    leaky          BOOLEAN NOT NULL,   -- whether profiles may have seen the held-out ratings
    top            INTEGER NOT NULL,
    candidates     INTEGER NOT NULL,   -- per user, at most
    first_seed     BIGINT NOT NULL,
    seeds          INTEGER NOT NULL,
    users          BIGINT NOT NULL,    -- evaluated, of all seeds together
    status         VARCHAR NOT NULL,   -- run, not run, failed
    note           VARCHAR,            -- why not
    base_seconds   DOUBLE,             -- work per seed until the candidates are there
    rerank_seconds DOUBLE,             -- work per seed from the candidates to the re-ranked list
    dollars        DOUBLE,             -- spent on the language model while the cell ran; null: none asked, or no price
    skipped        JSON NOT NULL,      -- users and ratings that could not be tested, and why
    config         JSON NOT NULL,
    PRIMARY KEY (run_id, cell)
);

-- mean over users and seeds; sd over the seeds' means. low, high: 95 % interval, by a bootstrap over
-- users where a metric has a value per user, else by Student's t over seeds.
CREATE TABLE IF NOT EXISTS cell_metrics (
    run_id VARCHAR NOT NULL,
    cell   INTEGER NOT NULL,
    list   VARCHAR NOT NULL,           -- 'base' or 'reranked'
    metric VARCHAR NOT NULL,
    k      INTEGER NOT NULL,           -- 0: of no list (RMSE and its kin)
    mean   DOUBLE NOT NULL,
    sd     DOUBLE,
    low    DOUBLE,
    high   DOUBLE,
    seeds  INTEGER NOT NULL,
    users  BIGINT,                     -- with a value in some seed
    PRIMARY KEY (run_id, cell, list, metric, k)
);

-- One value per user, for comparisons to come; at k = top. Every k stands in the artifacts.
CREATE TABLE IF NOT EXISTS user_metrics (
    run_id VARCHAR NOT NULL,
    cell   INTEGER NOT NULL,
    seed   BIGINT NOT NULL,
    list   VARCHAR NOT NULL,
    user   VARCHAR NOT NULL,
    metric VARCHAR NOT NULL,
    k      INTEGER NOT NULL,
    value  DOUBLE NOT NULL
);

-- Two lists of the same users and seeds, paired: `difference` is of - against.
CREATE TABLE IF NOT EXISTS comparisons (
    run_id       VARCHAR NOT NULL,
    cell         INTEGER NOT NULL,
    list         VARCHAR NOT NULL,
    against      INTEGER NOT NULL,     -- a cell of the same run
    against_list VARCHAR NOT NULL,
    says         VARCHAR NOT NULL,     -- what the difference shows
    metric       VARCHAR NOT NULL,
    k            INTEGER NOT NULL,
    difference   DOUBLE NOT NULL,
    low          DOUBLE NOT NULL,      -- 95 % interval, paired bootstrap over users
    high         DOUBLE NOT NULL,
    p            DOUBLE NOT NULL,      -- paired randomisation test over users
    p_holm       DOUBLE NOT NULL,      -- corrected over the run's comparisons that say the same, by metric
    better       DOUBLE NOT NULL,      -- share of users
    worse        DOUBLE NOT NULL,
    users        BIGINT NOT NULL,
    seeds        INTEGER NOT NULL,
    verdict      VARCHAR NOT NULL,     -- higher, lower, no difference shown
    PRIMARY KEY (run_id, cell, list, against, against_list, says, metric, k)
);

-- Lists to look at, of the first seed: of users whom re-ranking helped and of users whom it harmed.
CREATE TABLE IF NOT EXISTS list_examples (
    run_id    VARCHAR NOT NULL,
    cell      INTEGER NOT NULL,
    seed      BIGINT NOT NULL,
    user      VARCHAR NOT NULL,
    gain      DOUBLE,                  -- NDCG of the re-ranked list minus that of the base list;
                                       -- null: below 0, of an earlier version that did not say more
    item      VARCHAR NOT NULL,
    title     VARCHAR NOT NULL,
    year      INTEGER,
    base_rank INTEGER NOT NULL,
    rank      INTEGER NOT NULL,
    held_out  BOOLEAN NOT NULL,        -- whether the user did rate it
    reasons   VARCHAR,                 -- as in ranked_items
    PRIMARY KEY (run_id, cell, user, item)
);

-- What a learned re-ranker goes by, of the cell's first seed: features are standardised, so weights
-- can be held against each other; they are log odds per standard deviation. `gain` is the feature's
-- share of what the trees beside the weights gained by their splits; null without trees.
CREATE TABLE IF NOT EXISTS learned_weights (
    run_id  VARCHAR NOT NULL,
    cell    INTEGER NOT NULL,
    feature VARCHAR NOT NULL,
    weight  DOUBLE NOT NULL,
    mean    DOUBLE NOT NULL,           -- of the feature among the candidates it was fitted on
    spread  DOUBLE NOT NULL,
    gain    DOUBLE,
    PRIMARY KEY (run_id, cell, feature)
);
ALTER TABLE learned_weights ADD COLUMN IF NOT EXISTS gain DOUBLE;  -- files of before there were trees
ALTER TABLE learned_weights ADD COLUMN IF NOT EXISTS feature_group VARCHAR;
                                       -- collaborative, popularity, dates, ...: see --without

-- Figures of others that a grid wants shown beside its own.
CREATE TABLE IF NOT EXISTS published (
    run_id    VARCHAR NOT NULL,
    source    VARCHAR NOT NULL,
    method    VARCHAR NOT NULL,        -- as the source calls it
    protocol  VARCHAR NOT NULL,
    model     VARCHAR NOT NULL,
    label     VARCHAR,                 -- our cells to hold it against; null: their base lists
    metric    VARCHAR NOT NULL,
    k         INTEGER NOT NULL,
    value     DOUBLE NOT NULL,
    corrected DOUBLE,                  -- where the published value is known to be wrong
    note      VARCHAR
);
ALTER TABLE published ADD COLUMN IF NOT EXISTS dataset VARCHAR;
                                       -- as a grid names it; null: of runs that did not say

-- Every request to a language model, by the run that published it (a killed run's by the next).
-- perhaps_billed: sends that may have been charged although no whole answer came.
CREATE TABLE IF NOT EXISTS llm_requests (
    id                VARCHAR PRIMARY KEY,
    run_id            VARCHAR NOT NULL,
    kind              VARCHAR NOT NULL,   -- score, profile, describe, judge, choose, explain, wish
    judge             VARCHAR NOT NULL,   -- model, prompt version, decoding, parts shown
    pairs             BIGINT NOT NULL,    -- scores asked for
    sent_at           DOUBLE NOT NULL,    -- seconds since 1970, UTC; so is finished_at
    finished_at       DOUBLE NOT NULL,
    attempts          BIGINT NOT NULL,
    perhaps_billed    BIGINT NOT NULL,
    model_reported    VARCHAR,
    tokens_in         BIGINT,
    tokens_cached     BIGINT,             -- part of tokens_in
    tokens_out        BIGINT,
    cost_nano_dollars BIGINT,             -- billionths of a US dollar; null: no price known
    latency_seconds   DOUBLE,             -- of the send that was answered
    finish_reason     VARCHAR,
    outcome           VARCHAR NOT NULL,   -- answered, length, refusal, filtered, too_long, gave_up, lost
    batch_id          VARCHAR
);

-- What people chose who saw a base list and a re-ranked list without knowing which was which.
CREATE TABLE IF NOT EXISTS choices (
    id             VARCHAR PRIMARY KEY,
    chosen_at_utc  TIMESTAMP NOT NULL,
    run_id         VARCHAR,            -- null, as `user`: a new person, whose lists are of no night
    user           VARCHAR,
    dataset        VARCHAR NOT NULL,
    model          VARCHAR NOT NULL,
    scorer         VARCHAR NOT NULL,
    reranker       VARCHAR NOT NULL,
    base_items     JSON NOT NULL,      -- ids, best first
    reranked_items JSON NOT NULL,
    first          VARCHAR NOT NULL,   -- base or reranked: which stood first, as A
    chosen         VARCHAR NOT NULL,   -- base, reranked, neither
    seconds        DOUBLE NOT NULL,    -- from showing the lists to the choice
    seed           BIGINT NOT NULL     -- of the draw that put one of them first
);

-- The nights of a replay: made again as of their day, and judged on what was rated after it. How
-- their lists did is in user_metrics and cell_metrics, where `seed` is the night.
CREATE TABLE IF NOT EXISTS replayed_nights (
    run_id       VARCHAR NOT NULL,
    night        INTEGER NOT NULL,     -- from 0
    moment       TIMESTAMP NOT NULL,   -- known was what was rated before it
    people       BIGINT NOT NULL,      -- who were served
    judged       BIGINT NOT NULL,      -- of these, who rated something within the horizon
    newcomers    BIGINT NOT NULL,      -- who did so first
    new_lists    BIGINT NOT NULL,      -- people whose list was made that night
    fitted       BOOLEAN NOT NULL,     -- whether models were fitted, or users folded into earlier ones
    status       VARCHAR NOT NULL,     -- complete, guarded, degraded
    note         VARCHAR,              -- why, if not complete
    requests     BIGINT NOT NULL,      -- to a language model, in this run
    seconds      DOUBLE NOT NULL,      -- that passed in this run
    work_seconds DOUBLE NOT NULL,      -- that its stages took when they were made
    PRIMARY KEY (run_id, night)
);

-- What the probabilities of a replay's candidates foretold, and what share of them came.
CREATE TABLE IF NOT EXISTS reliability (
    run_id   VARCHAR NOT NULL,
    night    INTEGER NOT NULL,
    lowest   DOUBLE NOT NULL,          -- of the probabilities counted here
    highest  DOUBLE NOT NULL,
    pairs    BIGINT NOT NULL,          -- candidates of people who came back
    foretold DOUBLE NOT NULL,          -- their mean probability
    happened DOUBLE NOT NULL,          -- share that was rated within the horizon, and well
    PRIMARY KEY (run_id, night, lowest)
);

-- How well lists follow tastes in words (`palate evaluate --protocol wishes`): a row per person.
CREATE TABLE IF NOT EXISTS wishes (
    run_id      VARCHAR NOT NULL,
    "user"      VARCHAR NOT NULL,      -- made up for the measurement
    taste       VARCHAR NOT NULL,      -- of the file that was given
    situation   VARCHAR NOT NULL,      -- what is known of the person beside the words
    fit         DOUBLE NOT NULL,       -- share of the ten items that fit the taste
    fit_without DOUBLE NOT NULL,       -- the same of the list made without the words
    fit_simple  DOUBLE NOT NULL,       -- ... of all items by likeness to the words + .6 log(ratings)
    steer       DOUBLE NOT NULL,       -- share of the ten that are not in that list
    known       DOUBLE NOT NULL,       -- median of how often the ten are rated
    PRIMARY KEY (run_id, "user")
);

-- Both lists of one person in each situation of each of these tastes.
CREATE TABLE IF NOT EXISTS wish_lists (
    run_id    VARCHAR NOT NULL,
    taste     VARCHAR NOT NULL,
    situation VARCHAR NOT NULL,
    list      VARCHAR NOT NULL,        -- with words, without words
    rank      INTEGER NOT NULL,
    item      VARCHAR NOT NULL,
    title     VARCHAR,
    year      INTEGER,
    PRIMARY KEY (run_id, taste, situation, list, rank)
);
