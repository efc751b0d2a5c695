-- The replica file. Every table of ours begins with hawser_; the views that other programs read are
-- made by views.cpp from the organization's metadata. Instants are whole seconds since 1970 UTC, ids
-- are 16 bytes, `sum` is a checksum over what a row never changes, for repair. Repair also knows the
-- tables by where they stand in a new file (graft.cpp), so what comes later comes by migrations.

-- One row: what the replica is bound to, and counters.
CREATE TABLE hawser_meta (
  one            INTEGER PRIMARY KEY CHECK (one = 1),
  organization   BLOB NOT NULL,
  user           BLOB NOT NULL,
  mailbox        TEXT NOT NULL,
  url            TEXT NOT NULL,
  instance       BLOB NOT NULL,
  nonce          BLOB NOT NULL,           -- equals the lock file's, or next_nonce does
  next_nonce     BLOB NOT NULL,
  locked         INTEGER NOT NULL,        -- whether an engine ever ran on it
  made_at        INTEGER NOT NULL,
  layout_version INTEGER NOT NULL,        -- moves with every change of tables, columns or views
  view_version   INTEGER NOT NULL,
  generation     INTEGER NOT NULL         -- the last one given to a round
);

CREATE TABLE hawser_table (
  number   INTEGER PRIMARY KEY,
  name     TEXT NOT NULL UNIQUE,
  metadata TEXT NOT NULL                  -- JSON of what the organization says
);

-- Where each column stands in the bodies. Positions are only ever appended.
CREATE TABLE hawser_layout (
  table_number INTEGER NOT NULL,
  position     INTEGER NOT NULL,
  name         TEXT NOT NULL,
  PRIMARY KEY (table_number, position),
  UNIQUE (table_number, name)
) WITHOUT ROWID;

-- The local copy of every record. A body is a JSON array in layout order. Not WITHOUT ROWID: the
-- key is random, and bodies of a kilobyte under a random key cost ten times as much to write.
CREATE TABLE hawser_record (
  record       INTEGER PRIMARY KEY,
  table_number INTEGER NOT NULL,
  id           BLOB NOT NULL,
  etag         TEXT NOT NULL,             -- of the server version held; '' = never there
  body         TEXT NOT NULL,
  flags        INTEGER NOT NULL,          -- record_row.h names the bits
  scopes       INTEGER NOT NULL,          -- membership: one bit a scope that refers to the record
  cycle        INTEGER NOT NULL,          -- the one that brought the server version
  generation   INTEGER NOT NULL,          -- the round that last wrote it
  UNIQUE (table_number, id)
);

-- The stored base. Exists while the record has live changes, an open intent or an open conflict.
CREATE TABLE hawser_shadow (
  record INTEGER PRIMARY KEY,
  remote INTEGER NOT NULL,                -- 0 never there, 1 present, 2 deleted
  etag   TEXT NOT NULL,
  body   TEXT NOT NULL,
  sum    INTEGER NOT NULL
);

-- The change queue and its history.
CREATE TABLE hawser_change (
  sequence     INTEGER PRIMARY KEY,
  table_number INTEGER NOT NULL,
  id           BLOB NOT NULL,
  kind         TEXT NOT NULL,
  state        TEXT NOT NULL,
  live         INTEGER NOT NULL,          -- 1 while the state is a waiting one
  before       TEXT NOT NULL,             -- JSON object a column
  after        TEXT NOT NULL,
  settled      TEXT NOT NULL,             -- columns that are done with, comma-separated
  group_number INTEGER NOT NULL,          -- the first sequence of the group; 0 = none
  intent       INTEGER NOT NULL,          -- the open intent that froze it; 0 = none
  origin       TEXT NOT NULL,
  actor        TEXT NOT NULL,
  on_behalf_of TEXT NOT NULL,
  made_at      INTEGER NOT NULL,
  attempts     INTEGER NOT NULL,
  last_error   TEXT NOT NULL,
  waits_for    TEXT NOT NULL,
  next_attempt INTEGER,
  settled_at   INTEGER,
  reason       TEXT NOT NULL,
  sum          INTEGER NOT NULL
);
CREATE INDEX hawser_change_record ON hawser_change (id, table_number);
CREATE INDEX hawser_change_live ON hawser_change (state) WHERE live = 1;
CREATE INDEX hawser_change_group ON hawser_change (group_number) WHERE group_number > 0;

-- What live changes refer to (role 1) and stop referring to (role 2), for their order.
CREATE TABLE hawser_reference (
  id       BLOB NOT NULL,
  target   TEXT NOT NULL,                 -- table
  sequence INTEGER NOT NULL,
  role     INTEGER NOT NULL,
  PRIMARY KEY (id, target, sequence, role)
) WITHOUT ROWID;

-- Open intents only; a settled one becomes a receipt.
CREATE TABLE hawser_intent (
  number      INTEGER PRIMARY KEY,
  id          BLOB NOT NULL UNIQUE,
  atomicity   INTEGER NOT NULL,
  destination INTEGER NOT NULL,
  cycle       INTEGER NOT NULL,
  made_at     INTEGER NOT NULL
);
CREATE TABLE hawser_intent_change (
  intent   INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  columns  TEXT NOT NULL,
  PRIMARY KEY (intent, sequence)
) WITHOUT ROWID;
CREATE TABLE hawser_intent_step (
  intent       INTEGER NOT NULL,
  number       INTEGER NOT NULL,
  kind         TEXT NOT NULL,
  target       TEXT NOT NULL,             -- table
  id           BLOB NOT NULL,
  method       TEXT NOT NULL,
  path         TEXT NOT NULL,
  condition    TEXT NOT NULL,
  body         TEXT NOT NULL,
  content_id   TEXT NOT NULL,
  sent         TEXT NOT NULL,
  state        INTEGER NOT NULL,          -- 0 waiting, 1 sent, 2 answered, 3 unknown
  status       INTEGER NOT NULL,
  etag         TEXT NOT NULL,
  answer       TEXT NOT NULL,
  sum          INTEGER NOT NULL,
  PRIMARY KEY (intent, number)
) WITHOUT ROWID;
CREATE TABLE hawser_intent_attempt (
  intent            INTEGER NOT NULL,
  number            INTEGER NOT NULL,
  client_request_id BLOB NOT NULL,
  at                INTEGER NOT NULL,
  PRIMARY KEY (intent, number)
) WITHOUT ROWID;

-- Settled intents, one row a record.
CREATE TABLE hawser_receipt (
  number       INTEGER PRIMARY KEY,
  intent       BLOB NOT NULL,
  table_number INTEGER NOT NULL,
  id           BLOB NOT NULL,
  changes      TEXT NOT NULL,             -- sequences, comma-separated
  outcome      TEXT NOT NULL,
  status       INTEGER NOT NULL,
  etag         TEXT NOT NULL,
  words        TEXT NOT NULL,
  requests     TEXT NOT NULL,             -- client request ids, comma-separated
  cycle        INTEGER NOT NULL,
  at           INTEGER NOT NULL
);
CREATE INDEX hawser_receipt_record ON hawser_receipt (id, table_number);

-- A remote version that came while an intent was open. No body: a deletion.
CREATE TABLE hawser_staged (
  record INTEGER PRIMARY KEY,
  etag   TEXT NOT NULL,
  body   TEXT,
  cycle  INTEGER NOT NULL
);

CREATE TABLE hawser_conflict (
  number            INTEGER PRIMARY KEY,
  revision          INTEGER NOT NULL,     -- 1, and one more whenever a theirs or the columns change
  table_number      INTEGER NOT NULL,
  id                BLOB NOT NULL,
  reason            TEXT NOT NULL,
  sentence          TEXT NOT NULL,
  cycle             INTEGER NOT NULL,
  opened_at         INTEGER NOT NULL,
  closed_at         INTEGER,
  resolution        TEXT NOT NULL,
  closed_by         TEXT NOT NULL,
  resolution_change INTEGER
);
CREATE INDEX hawser_conflict_record ON hawser_conflict (id, table_number);
CREATE INDEX hawser_conflict_open ON hawser_conflict (number) WHERE closed_at IS NULL;
CREATE TABLE hawser_conflict_column (
  conflict   INTEGER NOT NULL,
  name       TEXT NOT NULL,
  side_base  TEXT NOT NULL,               -- JSON object with the one column
  mine       TEXT NOT NULL,
  theirs     TEXT NOT NULL,
  resolution TEXT NOT NULL,               -- '' while open
  PRIMARY KEY (conflict, name)
) WITHOUT ROWID;

CREATE TABLE hawser_alias (
  table_number  INTEGER NOT NULL,
  former        BLOB NOT NULL,
  present_table TEXT NOT NULL,
  present       BLOB NOT NULL,
  why           TEXT NOT NULL,
  at            INTEGER NOT NULL,
  PRIMARY KEY (table_number, former)
) WITHOUT ROWID;

CREATE TABLE hawser_scope (
  number       INTEGER PRIMARY KEY,
  table_number INTEGER NOT NULL,
  name         TEXT NOT NULL,
  bit          INTEGER NOT NULL,          -- its bit in hawser_record.scopes
  filter       TEXT NOT NULL,
  columns      TEXT NOT NULL,             -- comma-separated; '' = all
  mode         TEXT NOT NULL,
  reason       TEXT NOT NULL,
  aboard       INTEGER NOT NULL,
  UNIQUE (table_number, name),
  UNIQUE (table_number, bit)
);

-- Where the pull lane (0) and the sweep lane (1) of a scope stand.
CREATE TABLE hawser_checkpoint (
  scope            INTEGER NOT NULL,
  lane             INTEGER NOT NULL,
  token            TEXT NOT NULL,
  previous_token   TEXT NOT NULL,
  watermark        TEXT NOT NULL,
  resume_link      TEXT NOT NULL,
  under_way        INTEGER NOT NULL,
  kind             TEXT NOT NULL,
  generation       INTEGER NOT NULL,
  fresh            INTEGER NOT NULL,      -- the table was empty when the round began
  begun_at         INTEGER,
  finished_at      INTEGER,
  full_finished_at INTEGER,
  rows             INTEGER NOT NULL,
  PRIMARY KEY (scope, lane)
) WITHOUT ROWID;

-- Records that an unfinished round has seen without writing them; under the negative
-- generation those that an unfinished round says are deleted.
CREATE TABLE hawser_seen (
  generation INTEGER NOT NULL,
  record     INTEGER NOT NULL,
  PRIMARY KEY (generation, record)
) WITHOUT ROWID;

CREATE TABLE hawser_cycle (
  number      INTEGER PRIMARY KEY,
  begun_at    INTEGER NOT NULL,
  finished_at INTEGER,
  outcome     TEXT NOT NULL,
  trigger     TEXT NOT NULL,
  figures     TEXT NOT NULL,
  message     TEXT NOT NULL,
  repeats     INTEGER NOT NULL,
  last_at     INTEGER NOT NULL
);

CREATE TABLE hawser_decision (
  number   INTEGER PRIMARY KEY,
  cycle    INTEGER NOT NULL,
  target   TEXT NOT NULL,                 -- table; '' = the replica
  id       BLOB NOT NULL,
  rule     TEXT NOT NULL,
  sentence TEXT NOT NULL,
  at       INTEGER NOT NULL
);
CREATE INDEX hawser_decision_record ON hawser_decision (id, target);

CREATE TABLE hawser_setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE hawser_connection (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  state  TEXT NOT NULL,
  since  INTEGER NOT NULL,
  reason TEXT NOT NULL
);
