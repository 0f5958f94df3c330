-- The results file. Runs accumulate; nothing is ever updated, and only lists of old nights go. Ids are text, whatever they were
-- in the data set, because runs over different data sets share these tables. What each column means says meanings.toml.

CREATE TABLE IF NOT EXISTS runs (
    run_id          VARCHAR PRIMARY KEY,
    flow            VARCHAR NOT NULL,
    started_at_utc  TIMESTAMP NOT NULL,
    finished_at_utc TIMESTAMP NOT NULL,
    seconds         DOUBLE NOT NULL,
    dataset         VARCHAR,
    model           VARCHAR,
    scorer          VARCHAR,
    reranker        VARCHAR,
    top             INTEGER,
    ratings         BIGINT,
    items           BIGINT,
    users           BIGINT,
    users_listed    BIGINT,
    candidates      BIGINT,
    unscored        BIGINT,
    config          JSON NOT NULL,
    versions        JSON NOT NULL
);
ALTER TABLE runs ADD COLUMN IF NOT EXISTS status VARCHAR DEFAULT 'complete';
ALTER TABLE runs ADD COLUMN IF NOT EXISTS note VARCHAR;
ALTER TABLE runs ADD COLUMN IF NOT EXISTS method VARCHAR;
ALTER TABLE runs ADD COLUMN IF NOT EXISTS model_from VARCHAR;
ALTER TABLE runs ADD COLUMN IF NOT EXISTS measured_in VARCHAR;
ALTER TABLE runs ADD COLUMN IF NOT EXISTS state JSON;
ALTER TABLE runs ADD COLUMN IF NOT EXISTS implicit BOOLEAN;
ALTER TABLE runs ADD COLUMN IF NOT EXISTS remarks JSON;
ALTER TABLE runs ADD COLUMN IF NOT EXISTS passed_over JSON;
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
ALTER TABLE stages ADD COLUMN IF NOT EXISTS peak_mb DOUBLE;
ALTER TABLE stages ADD COLUMN IF NOT EXISTS phase VARCHAR;
ALTER TABLE stages ADD COLUMN IF NOT EXISTS detail VARCHAR;
ALTER TABLE stages ADD COLUMN IF NOT EXISTS role VARCHAR;

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
    base_rank     INTEGER NOT NULL,
    rank          INTEGER NOT NULL,
    estimate      DOUBLE NOT NULL,
    similarity    DOUBLE,
    popularity    DOUBLE,
    date_affinity DOUBLE,
    score         DOUBLE NOT NULL
);
ALTER TABLE ranked_items ADD COLUMN IF NOT EXISTS external_quality DOUBLE;
ALTER TABLE ranked_items ADD COLUMN IF NOT EXISTS external_votes DOUBLE;
ALTER TABLE ranked_items ADD COLUMN IF NOT EXISTS reranked_rank INTEGER;
ALTER TABLE ranked_items ADD COLUMN IF NOT EXISTS listed_in VARCHAR;
ALTER TABLE ranked_items ADD COLUMN IF NOT EXISTS why VARCHAR;
ALTER TABLE ranked_items ADD COLUMN IF NOT EXISTS reasons VARCHAR;
ALTER TABLE ranked_items ADD COLUMN IF NOT EXISTS genres VARCHAR;
ALTER TABLE ranked_items ALTER COLUMN popularity DROP NOT NULL;

-- What people rated highest, best first: of the first people of a night, whose lists its page shows.
CREATE TABLE IF NOT EXISTS favourites (
    run_id VARCHAR NOT NULL,
    "user" VARCHAR NOT NULL,
    rank   INTEGER NOT NULL,
    item   VARCHAR NOT NULL,
    title  VARCHAR NOT NULL,
    year   INTEGER,
    genres VARCHAR,
    rating DOUBLE NOT NULL
);

-- What people typed of their taste (--profiles): of those of the same people who did.
CREATE TABLE IF NOT EXISTS tastes (
    run_id       VARCHAR NOT NULL,
    "user"       VARCHAR NOT NULL,
    taste        VARCHAR NOT NULL,
    taste_weight DOUBLE
);

-- For how many users a night made lists anew, or kept those of the night before, and why.
CREATE TABLE IF NOT EXISTS changes (
    run_id VARCHAR NOT NULL,
    lists  VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    users  BIGINT NOT NULL,
    PRIMARY KEY (run_id, lists, reason)
);

-- How lists published before did on the ratings that arrived since: re-ranked against base.
CREATE TABLE IF NOT EXISTS guard (
    run_id     VARCHAR NOT NULL,
    segment    VARCHAR NOT NULL,
    users      BIGINT NOT NULL,
    ratings    BIGINT NOT NULL,
    metric     VARCHAR NOT NULL,
    k          INTEGER NOT NULL,
    base       DOUBLE,
    reranked   DOUBLE,
    difference DOUBLE,
    low        DOUBLE,
    high       DOUBLE,
    verdict    VARCHAR NOT NULL,
    PRIMARY KEY (run_id, segment, metric)
);

-- What was measured: a method (base model, scorer, re-ranker) on a data set under a protocol.
-- A night has one cell, its own method on held-out ratings; an evaluation one; an experiment many.
CREATE TABLE IF NOT EXISTS cells (
    run_id         VARCHAR NOT NULL,
    cell           INTEGER NOT NULL,
    label          VARCHAR NOT NULL,
    dataset        VARCHAR NOT NULL,
    protocol       VARCHAR NOT NULL,
    model          VARCHAR NOT NULL,
    scorer         VARCHAR NOT NULL,
    reranker       VARCHAR NOT NULL,
    external       BOOLEAN NOT NULL,
    leaky          BOOLEAN NOT NULL,
    top            INTEGER NOT NULL,
    candidates     INTEGER NOT NULL,
    first_seed     BIGINT NOT NULL,
    seeds          INTEGER NOT NULL,
    users          BIGINT NOT NULL,
    status         VARCHAR NOT NULL,
    note           VARCHAR,
    base_seconds   DOUBLE,
    rerank_seconds DOUBLE,
    dollars        DOUBLE,
    skipped        JSON NOT NULL,
    config         JSON NOT NULL,
    PRIMARY KEY (run_id, cell)
);
ALTER TABLE cells ADD COLUMN IF NOT EXISTS model_options VARCHAR;

-- mean over users and seeds; sd over the seeds' means. low, high: 95 % interval, by a bootstrap over
-- users where a metric has a value per user, else by Student's t over seeds.
CREATE TABLE IF NOT EXISTS cell_metrics (
    run_id VARCHAR NOT NULL,
    cell   INTEGER NOT NULL,
    list   VARCHAR NOT NULL,
    metric VARCHAR NOT NULL,
    k      INTEGER NOT NULL,
    mean   DOUBLE NOT NULL,
    sd     DOUBLE,
    low    DOUBLE,
    high   DOUBLE,
    seeds  INTEGER NOT NULL,
    users  BIGINT,
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
    against      INTEGER NOT NULL,
    against_list VARCHAR NOT NULL,
    says         VARCHAR NOT NULL,
    metric       VARCHAR NOT NULL,
    k            INTEGER NOT NULL,
    difference   DOUBLE NOT NULL,
    low          DOUBLE NOT NULL,
    high         DOUBLE NOT NULL,
    p            DOUBLE NOT NULL,
    p_holm       DOUBLE NOT NULL,
    better       DOUBLE NOT NULL,
    worse        DOUBLE NOT NULL,
    users        BIGINT NOT NULL,
    seeds        INTEGER NOT NULL,
    verdict      VARCHAR NOT NULL,
    PRIMARY KEY (run_id, cell, list, against, against_list, says, metric, k)
);

-- Lists to look at, of the first seed: of users whom re-ranking helped and of users whom it harmed.
CREATE TABLE IF NOT EXISTS list_examples (
    run_id    VARCHAR NOT NULL,
    cell      INTEGER NOT NULL,
    seed      BIGINT NOT NULL,
    user      VARCHAR NOT NULL,
    gain      DOUBLE,
    item      VARCHAR NOT NULL,
    title     VARCHAR NOT NULL,
    year      INTEGER,
    base_rank INTEGER NOT NULL,
    rank      INTEGER NOT NULL,
    held_out  BOOLEAN NOT NULL,
    reasons   VARCHAR,
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
    mean    DOUBLE NOT NULL,
    spread  DOUBLE NOT NULL,
    gain    DOUBLE,
    PRIMARY KEY (run_id, cell, feature)
);
ALTER TABLE learned_weights ADD COLUMN IF NOT EXISTS gain DOUBLE;
ALTER TABLE learned_weights ADD COLUMN IF NOT EXISTS feature_group VARCHAR;

-- Figures of others that a grid wants shown beside its own.
CREATE TABLE IF NOT EXISTS published (
    run_id    VARCHAR NOT NULL,
    source    VARCHAR NOT NULL,
    method    VARCHAR NOT NULL,
    protocol  VARCHAR NOT NULL,
    model     VARCHAR NOT NULL,
    label     VARCHAR,
    metric    VARCHAR NOT NULL,
    k         INTEGER NOT NULL,
    value     DOUBLE NOT NULL,
    corrected DOUBLE,
    note      VARCHAR
);
ALTER TABLE published ADD COLUMN IF NOT EXISTS dataset VARCHAR;

-- Where a language model judges heads of learned lists: by part of people and items, what that has
-- shown to add on a sample, and whether the part was asked about.
CREATE TABLE IF NOT EXISTS judged_parts (
    run_id  VARCHAR NOT NULL,
    part    VARCHAR NOT NULL,
    asked   BOOLEAN NOT NULL,
    tonight BIGINT NOT NULL,
    people  BIGINT NOT NULL,
    gain    DOUBLE,
    low     DOUBLE,
    high    DOUBLE,
    PRIMARY KEY (run_id, part)
);

-- What that took: of the sample when the method was fitted, and of the night's lists.
CREATE TABLE IF NOT EXISTS judging_prices (
    run_id        VARCHAR NOT NULL,
    purpose       VARCHAR NOT NULL,
    requests      BIGINT NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    answer_tokens BIGINT NOT NULL,
    dollars       DOUBLE,
    PRIMARY KEY (run_id, purpose)
);
ALTER TABLE runs ADD COLUMN IF NOT EXISTS judged VARCHAR;

-- Every request to a language model, by the run that published it (a killed run's by the next).
CREATE TABLE IF NOT EXISTS llm_requests (
    id                VARCHAR PRIMARY KEY,
    run_id            VARCHAR NOT NULL,
    kind              VARCHAR NOT NULL,
    judge             VARCHAR NOT NULL,
    pairs             BIGINT NOT NULL,
    sent_at           DOUBLE NOT NULL,
    finished_at       DOUBLE NOT NULL,
    attempts          BIGINT NOT NULL,
    perhaps_billed    BIGINT NOT NULL,
    model_reported    VARCHAR,
    tokens_in         BIGINT,
    tokens_cached     BIGINT,
    tokens_out        BIGINT,
    cost_nano_dollars BIGINT,
    latency_seconds   DOUBLE,
    finish_reason     VARCHAR,
    outcome           VARCHAR NOT NULL,
    batch_id          VARCHAR
);

-- What people chose who saw a base list and a re-ranked list without knowing which was which.
CREATE TABLE IF NOT EXISTS choices (
    id             VARCHAR PRIMARY KEY,
    chosen_at_utc  TIMESTAMP NOT NULL,
    run_id         VARCHAR,
    user           VARCHAR,
    dataset        VARCHAR NOT NULL,
    model          VARCHAR NOT NULL,
    scorer         VARCHAR NOT NULL,
    reranker       VARCHAR NOT NULL,
    base_items     JSON NOT NULL,
    reranked_items JSON NOT NULL,
    first          VARCHAR NOT NULL,
    chosen         VARCHAR NOT NULL,
    seconds        DOUBLE NOT NULL,
    seed           BIGINT NOT NULL
);

-- The nights of a replay: made again as of their day, and judged on what was rated after it. How
-- their lists did is in user_metrics and cell_metrics, where `seed` is the night.
CREATE TABLE IF NOT EXISTS replayed_nights (
    run_id       VARCHAR NOT NULL,
    night        INTEGER NOT NULL,
    moment       TIMESTAMP NOT NULL,
    people       BIGINT NOT NULL,
    judged       BIGINT NOT NULL,
    newcomers    BIGINT NOT NULL,
    new_lists    BIGINT NOT NULL,
    fitted       BOOLEAN NOT NULL,
    status       VARCHAR NOT NULL,
    note         VARCHAR,
    requests     BIGINT NOT NULL,
    seconds      DOUBLE NOT NULL,
    work_seconds DOUBLE NOT NULL,
    PRIMARY KEY (run_id, night)
);

-- What the probabilities of a replay's candidates foretold, and what share of them came.
CREATE TABLE IF NOT EXISTS reliability (
    run_id   VARCHAR NOT NULL,
    night    INTEGER NOT NULL,
    lowest   DOUBLE NOT NULL,
    highest  DOUBLE NOT NULL,
    pairs    BIGINT NOT NULL,
    foretold DOUBLE NOT NULL,
    happened DOUBLE NOT NULL,
    PRIMARY KEY (run_id, night, lowest)
);

-- How well lists follow tastes in words (`palate evaluate --protocol wishes`): a row per person.
CREATE TABLE IF NOT EXISTS wishes (
    run_id      VARCHAR NOT NULL,
    "user"      VARCHAR NOT NULL,
    taste       VARCHAR NOT NULL,
    situation   VARCHAR NOT NULL,
    fit         DOUBLE NOT NULL,
    fit_without DOUBLE NOT NULL,
    fit_simple  DOUBLE NOT NULL,
    steer       DOUBLE NOT NULL,
    known       DOUBLE NOT NULL,
    PRIMARY KEY (run_id, "user")
);

-- Both lists of one person in each situation of each of these tastes.
CREATE TABLE IF NOT EXISTS wish_lists (
    run_id    VARCHAR NOT NULL,
    taste     VARCHAR NOT NULL,
    situation VARCHAR NOT NULL,
    list      VARCHAR NOT NULL,
    rank      INTEGER NOT NULL,
    item      VARCHAR NOT NULL,
    title     VARCHAR,
    year      INTEGER,
    PRIMARY KEY (run_id, taste, situation, list, rank)
);

-- What judgements add to the learned order, those that others recorded (`palate judgements`) or a night asked for: a row
-- per list and metric, then per comparison of two lists.
CREATE TABLE IF NOT EXISTS judgements (
    run_id  VARCHAR NOT NULL,
    part    VARCHAR NOT NULL,
    place   INTEGER NOT NULL,
    judge   VARCHAR,
    list    VARCHAR NOT NULL,
    against VARCHAR,
    metric  VARCHAR NOT NULL,
    value   DOUBLE,
    low     DOUBLE,
    high    DOUBLE,
    p       DOUBLE,
    p_holm  DOUBLE,
    users   BIGINT NOT NULL,
    verdict VARCHAR,
    PRIMARY KEY (run_id, part, place)
);
