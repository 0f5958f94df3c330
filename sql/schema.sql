-- The results file. Runs accumulate; nothing is ever updated. Ids are text, whatever they were
-- in the data set, because runs over different data sets share these tables.

CREATE TABLE IF NOT EXISTS runs (
    run_id          VARCHAR PRIMARY KEY,
    flow            VARCHAR NOT NULL,
    started_at_utc  TIMESTAMP NOT NULL,
    finished_at_utc TIMESTAMP NOT NULL,
    seconds         DOUBLE NOT NULL,
    dataset         VARCHAR NOT NULL,
    model           VARCHAR NOT NULL,
    scorer          VARCHAR NOT NULL,
    reranker        VARCHAR NOT NULL,
    top             INTEGER NOT NULL,
    ratings         BIGINT NOT NULL,
    items           BIGINT NOT NULL,
    users           BIGINT NOT NULL,   -- users served
    users_listed    BIGINT NOT NULL,   -- of these, users with a list: others have rated everything
    candidates      BIGINT NOT NULL,   -- (user, item) pairs considered
    unscored        BIGINT NOT NULL,   -- of these, pairs without a similarity: taken as neutral
    config          JSON NOT NULL,
    versions        JSON NOT NULL
);
ALTER TABLE runs ADD COLUMN IF NOT EXISTS status VARCHAR DEFAULT 'complete';
                                       -- 'degraded': base lists, the language model was down
ALTER TABLE runs ADD COLUMN IF NOT EXISTS note VARCHAR;   -- why, if not complete

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

-- Rows of the data set that were left out, and why.
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
    similarity    DOUBLE,              -- scorer's, in [-1, 1]; null: no score, taken as neutral
    popularity    DOUBLE NOT NULL,     -- log train rating count, 0 to 1
    date_affinity DOUBLE,              -- 0 to 1; null: year unknown
    score         DOUBLE NOT NULL,     -- what the re-ranker ordered by
    PRIMARY KEY (run_id, user, item)
);

-- value is a mean over users; standard_error holds for the one split with this seed.
CREATE TABLE IF NOT EXISTS metrics (
    run_id         VARCHAR NOT NULL,
    protocol       VARCHAR NOT NULL,
    seed           BIGINT NOT NULL,
    list           VARCHAR NOT NULL,   -- 'base' or 'reranked'
    metric         VARCHAR NOT NULL,
    k              INTEGER NOT NULL,
    value          DOUBLE NOT NULL,
    standard_error DOUBLE,
    users          BIGINT NOT NULL,
    PRIMARY KEY (run_id, protocol, seed, list, metric, k)
);

-- Every request to a language model, by the run that published it (a killed run's by the next).
-- perhaps_billed: sends that may have been charged although no whole answer came.
CREATE TABLE IF NOT EXISTS llm_requests (
    id                VARCHAR PRIMARY KEY,
    run_id            VARCHAR NOT NULL,
    kind              VARCHAR NOT NULL,   -- score, profile, describe, judge, choose
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
