-- The ledger: what bootstrapd and provisioning-tool did, in the order it was
-- done. Built into both programs; `sqlite3 new.db < ledger.sql` makes an empty
-- one. lib/ledger/ledger.h says how the rows are chained.
--
-- People read the views at the end. Their text is printable whatever a peer
-- sent: quotes, control characters and bytes that are not UTF-8 stand escaped
-- as in JSON. Times are UTC.
--
-- The programs refuse to write to a file whose schema is not this text. A
-- change to it needs a new user_version, the text that was in a file of its own
-- (ledger-1.sql is version 1, and so on), and an entry in lib/ledger/schema.c, which
-- brings older files here: views are made anew, what is new is added.

PRAGMA application_id = 0x62734c47; -- "bsLG"
PRAGMA user_version = 5;

CREATE TABLE event (
	seq INTEGER PRIMARY KEY,
	time_ms INTEGER NOT NULL,
	kind TEXT NOT NULL,
	session BLOB CHECK (length(session) = 16),
	endpoint TEXT,     -- printable
	endpoint_raw BLOB, -- its bytes, where they are not those above
	data TEXT NOT NULL CHECK (json_valid(data)),
	hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX event_kind ON event (kind);
CREATE INDEX event_session ON event (session) WHERE session IS NOT NULL;
CREATE INDEX event_endpoint ON event (endpoint, endpoint_raw)
	WHERE endpoint IS NOT NULL;
CREATE INDEX event_revoked ON event (json_extract(data, '$.fingerprint'))
	WHERE kind = 'credential_revoked';
CREATE INDEX event_revoked_serial ON event (json_extract(data, '$.serial'))
	WHERE kind = 'credential_revoked';
CREATE INDEX event_revoked_endpoint ON event (endpoint, endpoint_raw)
	WHERE kind = 'credential_revoked';

CREATE TRIGGER event_keeps_rows BEFORE DELETE ON event BEGIN
	SELECT RAISE(ABORT, 'the ledger is append-only');
END;
CREATE TRIGGER event_keeps_values BEFORE UPDATE ON event BEGIN
	SELECT RAISE(ABORT, 'the ledger is append-only');
END;
-- Also stops INSERT OR REPLACE, which deletes without asking the first one.
CREATE TRIGGER event_only_grows BEFORE INSERT ON event
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM event) BEGIN
	SELECT RAISE(ABORT, 'the ledger is append-only');
END;

-- What follows from the rows, kept so that nobody has to search for it. It is
-- not chained: the view `inconsistencies` compares it with the rows.

CREATE TABLE open_session (
	session BLOB PRIMARY KEY,
	seq INTEGER NOT NULL,
	endpoint TEXT
) STRICT, WITHOUT ROWID;

CREATE TRIGGER session_begins AFTER INSERT ON event
WHEN NEW.kind = 'bootstrap_begin' AND NEW.session IS NOT NULL BEGIN
	INSERT INTO open_session (session, seq, endpoint)
	VALUES (NEW.session, NEW.seq, NEW.endpoint)
	ON CONFLICT DO UPDATE SET seq = NEW.seq, endpoint = NEW.endpoint;
END;
CREATE TRIGGER session_ends AFTER INSERT ON event
WHEN NEW.kind = 'bootstrap_end' BEGIN
	DELETE FROM open_session WHERE session = NEW.session;
END;

-- Endpoints that were minted for or proved who they are. A refusal changes
-- nothing here: what was claimed and not proved says nothing about a device.
CREATE TABLE device (
	endpoint TEXT NOT NULL,
	endpoint_raw BLOB NOT NULL, -- x'' where event has NULL
	minted_seq INTEGER,         -- last image
	first_seq INTEGER,          -- first beginning
	begin_seq INTEGER,          -- last beginning
	end_seq INTEGER,            -- the ending of that one
	attempts INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (endpoint, endpoint_raw)
) STRICT, WITHOUT ROWID;

-- To read the last beginning of each in the order that they lie in the file.
CREATE INDEX device_begin ON device (begin_seq);

CREATE TRIGGER device_minted AFTER INSERT ON event
WHEN NEW.kind = 'image_minted' AND NEW.endpoint IS NOT NULL BEGIN
	INSERT INTO device (endpoint, endpoint_raw, minted_seq)
	VALUES (NEW.endpoint, coalesce(NEW.endpoint_raw, x''), NEW.seq)
	ON CONFLICT DO UPDATE SET minted_seq = NEW.seq;
END;
CREATE TRIGGER device_begins AFTER INSERT ON event
WHEN NEW.kind = 'bootstrap_begin' AND NEW.endpoint IS NOT NULL BEGIN
	INSERT INTO device (endpoint, endpoint_raw, first_seq, begin_seq,
		attempts)
	VALUES (NEW.endpoint, coalesce(NEW.endpoint_raw, x''), NEW.seq,
		NEW.seq, 1)
	ON CONFLICT DO UPDATE SET
		first_seq = coalesce(first_seq, NEW.seq),
		begin_seq = NEW.seq,
		end_seq = NULL,
		attempts = attempts + 1;
END;
-- The ending of an attempt that another one has superseded comes after the
-- other's beginning, and is not the ending of that.
CREATE TRIGGER device_ends AFTER INSERT ON event
WHEN NEW.kind = 'bootstrap_end' AND NEW.endpoint IS NOT NULL BEGIN
	UPDATE device SET end_seq = NEW.seq
	WHERE endpoint = NEW.endpoint
		AND endpoint_raw = coalesce(NEW.endpoint_raw, x'')
		AND end_seq IS NULL
		AND NEW.session =
			(SELECT session FROM event WHERE seq = begin_seq);
END;

-- What a policy may ask about a device that comes again: how many bootstraps of
-- it ended ok, by how much the epochs of its keys were raised in the last of
-- these (`reprovision: rotate`), when an operator last let it in, and which row
-- says what servers it was given last.
CREATE TABLE history (
	endpoint TEXT NOT NULL,
	endpoint_raw BLOB NOT NULL, -- x'' where event has NULL
	oks INTEGER NOT NULL DEFAULT 0,
	ok_seq INTEGER,       -- the last ending that was ok
	turn INTEGER NOT NULL DEFAULT 0,
	released_seq INTEGER, -- the last release, or push
	servers_seq INTEGER,  -- the last beginning that gave servers
	PRIMARY KEY (endpoint, endpoint_raw)
) STRICT, WITHOUT ROWID;

CREATE INDEX history_turned ON history (turn) WHERE turn > 0;

-- How many devices were last given a server of that name.
CREATE TABLE placement (
	server TEXT PRIMARY KEY,
	devices INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Names have no character that JSON would escape.
CREATE TRIGGER history_places AFTER INSERT ON event
WHEN NEW.kind = 'bootstrap_begin' AND NEW.endpoint IS NOT NULL
	AND NEW.data ->> 'servers' IS NOT NULL BEGIN
	UPDATE placement SET devices = devices - 1
	WHERE server IN (
		SELECT n.value FROM history AS h
		JOIN event AS b ON b.seq = h.servers_seq
		JOIN json_each('["' || replace(b.data ->> 'servers', ' ',
			'","') || '"]') AS n
		WHERE h.endpoint = NEW.endpoint
			AND h.endpoint_raw = coalesce(NEW.endpoint_raw, x''));
	INSERT INTO placement (server, devices)
	SELECT n.value, 1 FROM json_each('["' ||
		replace(NEW.data ->> 'servers', ' ', '","') || '"]') AS n
	WHERE true
	ON CONFLICT DO UPDATE SET devices = devices + 1;
	INSERT INTO history (endpoint, endpoint_raw, servers_seq)
	VALUES (NEW.endpoint, coalesce(NEW.endpoint_raw, x''), NEW.seq)
	ON CONFLICT DO UPDATE SET servers_seq = NEW.seq;
END;
CREATE TRIGGER history_ends AFTER INSERT ON event
WHEN NEW.kind = 'bootstrap_end' AND NEW.endpoint IS NOT NULL
	AND NEW.data ->> 'outcome' = 'ok' BEGIN
	INSERT INTO history (endpoint, endpoint_raw, oks, ok_seq, turn)
	VALUES (NEW.endpoint, coalesce(NEW.endpoint_raw, x''), 1, NEW.seq,
		coalesce((SELECT b.data ->> 'turn' FROM event AS b
			WHERE b.session = NEW.session AND b.seq < NEW.seq
				AND +b.kind = 'bootstrap_begin'
			ORDER BY b.seq DESC LIMIT 1), 0))
	ON CONFLICT DO UPDATE SET
		oks = oks + 1, ok_seq = NEW.seq, turn = excluded.turn;
END;
CREATE TRIGGER history_releases AFTER INSERT ON event
WHEN NEW.kind IN ('device_released', 'push_planned')
	AND NEW.endpoint IS NOT NULL BEGIN
	INSERT INTO history (endpoint, endpoint_raw, released_seq)
	VALUES (NEW.endpoint, coalesce(NEW.endpoint_raw, x''), NEW.seq)
	ON CONFLICT DO UPDATE SET released_seq = NEW.seq;
END;

-- The sealed store: keys that were imported, or made at random. Nobody can open
-- one but the token with the key `master`, and only in its own place; so these
-- rows need no chain, and the rows of `event` say what was put in. The columns
-- `shown` are printable, and NULL where the bytes themselves are.
CREATE TABLE secret (
	collection TEXT NOT NULL,
	name BLOB NOT NULL CHECK (length(name) BETWEEN 1 AND 252),
	epoch INTEGER NOT NULL CHECK (epoch BETWEEN 1 AND 4294967295),
	endpoint BLOB NOT NULL CHECK (length(endpoint) BETWEEN 1 AND 252),
	master TEXT NOT NULL,
	sealed BLOB NOT NULL CHECK (length(sealed) BETWEEN 1 AND 4200),
	name_shown TEXT,
	endpoint_shown TEXT,
	PRIMARY KEY (collection, name, epoch DESC)
) STRICT, WITHOUT ROWID;

CREATE INDEX secret_endpoint
	ON secret (collection, endpoint, name, epoch DESC);

CREATE TRIGGER secret_keeps_rows BEFORE DELETE ON secret BEGIN
	SELECT RAISE(ABORT, 'the sealed store is append-only');
END;
CREATE TRIGGER secret_keeps_values BEFORE UPDATE ON secret BEGIN
	SELECT RAISE(ABORT, 'the sealed store is append-only');
END;
CREATE TRIGGER secret_only_grows BEFORE INSERT ON secret
WHEN EXISTS (
	SELECT 1 FROM secret AS s
	WHERE s.collection = NEW.collection AND s.name = NEW.name
		AND s.epoch = NEW.epoch) BEGIN
	SELECT RAISE(ABORT, 'the sealed store is append-only');
END;

-- What rows name by its SHA-256: the files of policy sets, and their manifests,
-- whose SHA-256 is the set's digest. `audit verify` hashes every one again.
CREATE TABLE blob (
	sha256 BLOB NOT NULL PRIMARY KEY CHECK (length(sha256) = 32),
	bytes BLOB NOT NULL
) STRICT;

CREATE TRIGGER blob_keeps_rows BEFORE DELETE ON blob BEGIN
	SELECT RAISE(ABORT, 'what the ledger keeps is append-only');
END;
CREATE TRIGGER blob_keeps_values BEFORE UPDATE ON blob BEGIN
	SELECT RAISE(ABORT, 'what the ledger keeps is append-only');
END;
CREATE TRIGGER blob_only_grows BEFORE INSERT ON blob
WHEN EXISTS (SELECT 1 FROM blob AS b WHERE b.sha256 = NEW.sha256) BEGIN
	SELECT RAISE(ABORT, 'what the ledger keeps is append-only');
END;

-- Work orders (provisioning-tool order): which version of each is in force, and
-- which units were minted under it. An endpoint is one unit of an order, by
-- whatever station it was minted first and however often its image is made.
CREATE TABLE work_order (
	name TEXT PRIMARY KEY,
	revision INTEGER NOT NULL,
	sha256 TEXT NOT NULL, -- of the order's file
	opened_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE order_unit (
	work_order TEXT NOT NULL,
	endpoint TEXT NOT NULL,
	endpoint_raw BLOB NOT NULL, -- x'' where event has NULL
	station TEXT NOT NULL,      -- '' where none is named
	minted_seq INTEGER NOT NULL, -- its first image
	scrapped_seq INTEGER, -- first scrapping since its last image
	PRIMARY KEY (work_order, endpoint, endpoint_raw)
) STRICT, WITHOUT ROWID;

-- Of those, by station: what a quota is held against.
CREATE TABLE order_count (
	work_order TEXT NOT NULL,
	station TEXT NOT NULL,
	units INTEGER NOT NULL DEFAULT 0,
	scrapped INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (work_order, station)
) STRICT, WITHOUT ROWID;

-- A device by its serial number.
CREATE INDEX event_unit ON event (json_extract(data, '$.unit'))
	WHERE kind = 'image_minted';

CREATE TRIGGER order_opens AFTER INSERT ON event
WHEN NEW.kind = 'order_opened' BEGIN
	INSERT INTO work_order (name, revision, sha256, opened_seq)
	VALUES (NEW.data ->> 'order',
		CAST(coalesce(NEW.data ->> 'revision', 1) AS INTEGER),
		NEW.data ->> 'sha256', NEW.seq)
	ON CONFLICT DO UPDATE SET
		revision = excluded.revision,
		sha256 = excluded.sha256,
		opened_seq = excluded.opened_seq
	WHERE excluded.revision > revision;
END;
CREATE TRIGGER order_mints AFTER INSERT ON event
WHEN NEW.kind = 'image_minted' AND NEW.endpoint IS NOT NULL
	AND NEW.data ->> 'order' IS NOT NULL BEGIN
	INSERT INTO order_unit (work_order, endpoint, endpoint_raw, station,
		minted_seq)
	VALUES (NEW.data ->> 'order', NEW.endpoint,
		coalesce(NEW.endpoint_raw, x''),
		coalesce(NEW.data ->> 'station', ''), NEW.seq)
	ON CONFLICT DO UPDATE SET scrapped_seq = NULL
	WHERE scrapped_seq IS NOT NULL;
END;
CREATE TRIGGER order_scraps AFTER INSERT ON event
WHEN NEW.kind = 'unit_scrapped' AND NEW.endpoint IS NOT NULL
	AND NEW.data ->> 'order' IS NOT NULL BEGIN
	UPDATE order_unit SET scrapped_seq = NEW.seq
	WHERE work_order = NEW.data ->> 'order'
		AND endpoint = NEW.endpoint
		AND endpoint_raw = coalesce(NEW.endpoint_raw, x'')
		AND scrapped_seq IS NULL;
END;
CREATE TRIGGER order_counts AFTER INSERT ON order_unit BEGIN
	INSERT INTO order_count (work_order, station, units, scrapped)
	VALUES (NEW.work_order, NEW.station, 1, NEW.scrapped_seq IS NOT NULL)
	ON CONFLICT DO UPDATE SET
		units = units + 1,
		scrapped = scrapped + excluded.scrapped;
END;
CREATE TRIGGER order_counts_scrapped AFTER UPDATE OF scrapped_seq ON order_unit
BEGIN
	UPDATE order_count SET scrapped = scrapped +
		(NEW.scrapped_seq IS NOT NULL) - (OLD.scrapped_seq IS NOT NULL)
	WHERE work_order = NEW.work_order AND station = NEW.station;
END;

CREATE VIEW events AS
SELECT
	seq,
	strftime('%Y-%m-%dT%H:%M:%fZ', time_ms / 1000.0, 'unixepoch') AS time,
	kind,
	nullif(lower(hex(session)), '') AS session,
	endpoint,
	data
FROM event;

-- One row an attempt. outcome: ok, failed, unknown (as at its end), open (has
-- not ended), refused (never began; the endpoint is then what was claimed).
CREATE VIEW bootstraps AS
SELECT
	b.seq,
	strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch')
		AS began,
	strftime('%Y-%m-%dT%H:%M:%fZ', e.time_ms / 1000.0, 'unixepoch')
		AS ended,
	b.endpoint,
	nullif(lower(hex(b.session)), '') AS session,
	substr(b.data -> 'credential', 2,
		length(b.data -> 'credential') - 2) AS credential,
	b.data ->> 'kind' AS kind,
	b.data ->> 'identity' AS identity,
	b.data ->> 'address' AS address,
	b.data ->> 'transport' AS transport,
	b.data ->> 'policy' AS policy,
	b.data ->> 'policy_at' AS policy_at,
	b.data ->> 'plan' AS plan,
	b.data ->> 'policy_set' AS policy_set,
	b.data ->> 'format' AS format,
	b.data ->> 'worker' AS worker,
	coalesce(e.data ->> 'outcome', 'open') AS outcome,
	e.data ->> 'reason' AS reason,
	e.data ->> 'sentence' AS sentence,
	e.data ->> 'remedy' AS remedy,
	e.data ->> 'duration_ms' AS duration_ms,
	b.data ->> 'push' AS push,
	b.data ->> 'rollout' AS rollout
FROM event AS b
LEFT JOIN event AS e ON e.seq = (
	SELECT min(x.seq) FROM event AS x
	WHERE x.session = b.session AND x.seq > b.seq
		AND x.kind = 'bootstrap_end')
WHERE likelihood(b.kind = 'bootstrap_begin', 0.5)
UNION ALL
SELECT
	r.seq,
	strftime('%Y-%m-%dT%H:%M:%fZ', r.time_ms / 1000.0, 'unixepoch'),
	strftime('%Y-%m-%dT%H:%M:%fZ', r.time_ms / 1000.0, 'unixepoch'),
	r.endpoint,
	nullif(lower(hex(r.session)), ''),
	substr(r.data -> 'credential', 2,
		length(r.data -> 'credential') - 2),
	r.data ->> 'kind',
	r.data ->> 'identity',
	r.data ->> 'address',
	r.data ->> 'transport',
	r.data ->> 'policy',
	r.data ->> 'policy_at',
	NULL,
	r.data ->> 'policy_set',
	NULL,
	r.data ->> 'worker',
	'refused',
	r.data ->> 'reason',
	r.data ->> 'sentence',
	r.data ->> 'remedy',
	0,
	r.data ->> 'push',
	r.data ->> 'rollout'
FROM event AS r
WHERE likelihood(r.kind = 'bootstrap_refused', 0.5);

-- What is known of each device; the last attempt's outcome, NULL when it was
-- minted and has not come yet. Minted when the station's clock says so, where it
-- was minted at one (`audit merge`).
CREATE VIEW devices AS
SELECT
	d.endpoint,
	strftime('%Y-%m-%dT%H:%M:%fZ', coalesce(m.data ->> 'station_time_ms',
		m.time_ms) / 1000.0, 'unixepoch') AS minted,
	strftime('%Y-%m-%dT%H:%M:%fZ', f.time_ms / 1000.0, 'unixepoch')
		AS first_seen,
	strftime('%Y-%m-%dT%H:%M:%fZ', coalesce(e.time_ms, b.time_ms) / 1000.0,
		'unixepoch') AS last_seen,
	d.attempts,
	CASE WHEN b.seq IS NOT NULL
		THEN coalesce(e.data ->> 'outcome', 'open') END AS outcome,
	e.data ->> 'reason' AS reason,
	b.data ->> 'policy' AS policy,
	b.data ->> 'plan' AS plan,
	coalesce(b.data ->> 'identity', m.data ->> 'identity') AS identity,
	coalesce(b.data ->> 'epoch', m.data ->> 'epoch') AS epoch
FROM device AS d
LEFT JOIN event AS m ON m.seq = d.minted_seq
LEFT JOIN event AS f ON f.seq = d.first_seq
LEFT JOIN event AS b ON b.seq = d.begin_seq
LEFT JOIN event AS e ON e.seq = d.end_seq;

-- One row for each device of a push (bootstrapctl push). The rows of a push have
-- its number where others have that of a session. outcome: planned (not sent
-- yet), sent (the server was asked to trigger the device, which has not come
-- yet), then as of the bootstrap that came of it: open, ok, failed, unknown.
CREATE VIEW pushes AS
SELECT
	p.seq,
	lower(hex(p.session)) AS push,
	p.endpoint,
	strftime('%Y-%m-%dT%H:%M:%fZ', s.time_ms / 1000.0, 'unixepoch')
		AS started,
	s.data ->> 'uid' AS uid,
	s.data ->> 'selection' AS selection,
	strftime('%Y-%m-%dT%H:%M:%fZ', x.time_ms / 1000.0, 'unixepoch')
		AS sent,
	x.data ->> 'way' AS way,
	a.data ->> 'server' AS server,
	a.data ->> 'status' AS status,
	nullif(lower(hex(b.session)), '') AS session,
	CASE
		WHEN b.seq IS NOT NULL
			THEN coalesce(e.data ->> 'outcome', 'open')
		WHEN f.seq IS NOT NULL THEN 'failed'
		WHEN x.seq IS NULL THEN 'planned'
		WHEN x.data ->> 'until' < strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
			THEN 'failed'
		ELSE 'sent'
	END AS outcome,
	CASE
		WHEN b.seq IS NOT NULL THEN e.data ->> 'reason'
		WHEN f.seq IS NOT NULL THEN f.data ->> 'reason'
		WHEN x.data ->> 'until' < strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
			THEN 'no-request'
	END AS reason,
	coalesce(e.data ->> 'sentence', f.data ->> 'sentence') AS sentence,
	coalesce(e.data ->> 'remedy', f.data ->> 'remedy') AS remedy
FROM event AS p
LEFT JOIN event AS s ON s.seq = (
	SELECT min(y.seq) FROM event AS y WHERE y.session = p.session)
-- By endpoint: a push may have a million rows, one device never has.
LEFT JOIN event AS x ON x.seq = (
	SELECT max(y.seq) FROM event AS y
	WHERE y.endpoint = p.endpoint AND y.endpoint_raw IS p.endpoint_raw
		AND +y.session = p.session AND +y.kind = 'push_sent')
LEFT JOIN event AS a ON a.seq = (
	SELECT max(y.seq) FROM event AS y
	WHERE y.endpoint = p.endpoint AND y.endpoint_raw IS p.endpoint_raw
		AND +y.session = p.session AND +y.kind = 'push_answered')
LEFT JOIN event AS f ON f.seq = (
	SELECT max(y.seq) FROM event AS y
	WHERE y.endpoint = p.endpoint AND y.endpoint_raw IS p.endpoint_raw
		AND +y.session = p.session AND +y.kind = 'push_failed')
LEFT JOIN event AS b ON b.seq = (
	SELECT max(y.seq) FROM event AS y
	WHERE y.endpoint = p.endpoint AND y.endpoint_raw IS p.endpoint_raw
		AND y.seq > p.seq AND +y.kind = 'bootstrap_begin'
		AND y.data ->> 'push' = lower(hex(p.session)))
LEFT JOIN event AS e ON e.seq = (
	SELECT min(y.seq) FROM event AS y
	WHERE y.session = b.session AND y.seq > b.seq
		AND +y.kind = 'bootstrap_end')
WHERE likelihood(p.kind = 'push_planned', 0.5);

-- One row for each movement of a rollout (bootstrapctl rollout): started, stage
-- (on to the next one), halted, resumed, reverted, finished. The rows have the
-- rollout's number where others have that of a session. Counted are distinct
-- devices, of the stage as far as it had come by then.
CREATE VIEW rollouts AS
SELECT
	seq,
	strftime('%Y-%m-%dT%H:%M:%fZ', time_ms / 1000.0, 'unixepoch') AS time,
	lower(hex(session)) AS rollout,
	substr(kind, length('rollout_') + 1) AS movement,
	data ->> 'stage' AS stage,
	data ->> 'share' AS share,
	data ->> 'ok' AS ok,
	data ->> 'failed' AS failed,
	data ->> 'unknown' AS unknown,
	data ->> 'by' AS by,
	data ->> 'why' AS why,
	data ->> 'base' AS base,
	data ->> 'candidate' AS candidate
FROM event
WHERE kind IN ('rollout_started', 'rollout_stage', 'rollout_halted',
	'rollout_resumed', 'rollout_reverted', 'rollout_finished')
ORDER BY seq;

-- Who was turned away, and why: at the handshake (the endpoint is then whose
-- credential it was, NULL where nobody knows it), or when it asked for a
-- bootstrap (the endpoint is then what was claimed).
CREATE VIEW refusals AS
SELECT
	seq,
	strftime('%Y-%m-%dT%H:%M:%fZ', time_ms / 1000.0, 'unixepoch') AS time,
	endpoint,
	data ->> 'kind' AS kind,
	substr(data -> 'credential', 2,
		length(data -> 'credential') - 2) AS credential,
	data ->> 'address' AS address,
	data ->> 'reason' AS reason,
	data ->> 'sentence' AS sentence,
	data ->> 'remedy' AS remedy,
	substr(data -> 'detail', 2, length(data -> 'detail') - 2) AS detail,
	data ->> 'policy' AS policy,
	data ->> 'policy_at' AS policy_at,
	data ->> 'rollout' AS rollout
FROM event
WHERE kind IN ('handshake_refused', 'bootstrap_refused');

-- One row a policy set that was in force: when and by whom it was loaded, and
-- how the bootstraps ended that were decided by it. open: begun, and neither
-- ended nor given up. Turned away at the handshake counts in no column.
CREATE VIEW policy_sets AS
WITH loaded AS (
	SELECT
		data ->> 'policy_set' AS policy_set,
		min(seq) AS seq,
		min(time_ms) AS first_ms,
		max(time_ms) AS last_ms,
		count(*) AS loads
	FROM event
	WHERE kind = 'policies_loaded'
	GROUP BY 1
), counted AS (
	SELECT
		data ->> 'policy_set' AS policy_set,
		count(*) FILTER (WHERE kind = 'bootstrap_begin') AS begun,
		count(*) FILTER (WHERE kind = 'bootstrap_end') AS ended,
		count(*) FILTER (WHERE data ->> 'outcome' = 'ok') AS ok,
		count(*) FILTER (WHERE data ->> 'outcome' = 'failed')
			AS failed,
		count(*) FILTER (WHERE data ->> 'outcome' = 'unknown')
			AS unknown,
		count(*) FILTER (WHERE kind = 'bootstrap_refused') AS refused
	FROM event
	WHERE kind IN ('bootstrap_begin', 'bootstrap_end', 'bootstrap_refused')
	GROUP BY 1
)
SELECT
	l.policy_set,
	strftime('%Y-%m-%dT%H:%M:%fZ', l.first_ms / 1000.0, 'unixepoch')
		AS first_loaded,
	strftime('%Y-%m-%dT%H:%M:%fZ', l.last_ms / 1000.0, 'unixepoch')
		AS last_loaded,
	l.loads,
	e.data ->> 'by' AS first_by,
	e.data ->> 'source' AS source,
	e.data ->> 'kept' AS kept,
	coalesce(c.begun, 0) AS bootstraps,
	coalesce(c.ok, 0) AS ok,
	coalesce(c.failed, 0) AS failed,
	coalesce(c.unknown, 0) AS unknown,
	max(coalesce(c.begun, 0) - coalesce(c.ended, 0), 0) AS open,
	coalesce(c.refused, 0) AS refused
FROM loaded AS l
JOIN event AS e ON e.seq = l.seq
LEFT JOIN counted AS c ON c.policy_set = l.policy_set;

-- Public parts and keyed fingerprints; no key stands here. An image holds the
-- credential of the first boot, and so does a certificate of `pki issue`.
-- Issued by the clock of the station, where it was done at one; but revoked when
-- this ledger knew of it.
CREATE VIEW credentials AS
SELECT
	c.endpoint,
	nullif(lower(hex(c.session)), '') AS session,
	CASE c.kind WHEN 'certificate_signed' THEN 'certificate'
		ELSE c.data ->> 'kind' END AS kind,
	CASE c.kind WHEN 'image_minted'
		THEN coalesce(c.data ->> 'purpose', 'image')
		WHEN 'certificate_signed' THEN 'factory'
		ELSE c.data ->> 'purpose' END AS purpose,
	c.data ->> 'short_server_id' AS short_server_id,
	c.data ->> 'master' AS master,
	c.data ->> 'epoch' AS epoch,
	json_extract(c.data, '$.fingerprint') AS fingerprint,
	strftime('%Y-%m-%dT%H:%M:%fZ', coalesce(c.data ->> 'station_time_ms',
		c.time_ms) / 1000.0, 'unixepoch') AS issued,
	(SELECT strftime('%Y-%m-%dT%H:%M:%fZ', min(time_ms) / 1000.0,
		'unixepoch') FROM (
		SELECT r.time_ms FROM event AS r
		WHERE r.kind = 'credential_revoked'
		AND json_extract(r.data, '$.fingerprint') =
			json_extract(c.data, '$.fingerprint')
		UNION ALL
		SELECT r.time_ms FROM event AS r
		WHERE r.kind = 'credential_revoked'
		AND json_extract(r.data, '$.serial') =
			json_extract(c.data, '$.serial')
		AND coalesce(r.data ->> 'issuer_key' =
			c.data ->> 'issuer_key', 1))) AS revoked,
	json_extract(c.data, '$.serial') AS serial,
	CASE json_type(c.data, '$.not_after') WHEN 'integer'
		THEN strftime('%Y-%m-%dT%H:%M:%fZ', c.data ->> 'not_after',
			'unixepoch')
		ELSE c.data ->> 'not_after' END AS not_after,
	c.data ->> 'ca' AS ca
FROM event AS c
WHERE c.kind IN ('credential_issued', 'image_minted')
	OR (c.kind = 'certificate_signed' AND c.data ->> 'role' = 'device');

-- What lies in the sealed store; never the secrets.
CREATE VIEW secrets AS
SELECT
	collection,
	coalesce(name_shown, CAST(name AS TEXT)) AS name,
	epoch,
	coalesce(endpoint_shown, CAST(endpoint AS TEXT)) AS endpoint,
	master,
	length(sealed) AS sealed_len
FROM secret;

CREATE VIEW checkpoints AS
SELECT
	seq,
	strftime('%Y-%m-%dT%H:%M:%fZ', time_ms / 1000.0, 'unixepoch') AS time,
	data ->> 'covered_seq' AS covered_seq,
	data ->> 'head' AS head
FROM event
WHERE kind = 'checkpoint';

-- One row a station whose ledger was merged (`audit merge`): how many of its rows
-- are here, the hash and time there of the last of them, and when it was merged
-- last. ledger: the hash of its first row, which tells it from any other.
CREATE VIEW stations AS
SELECT
	data ->> 'station' AS station,
	data ->> 'ledger' AS ledger,
	data ->> 'rows' AS rows,
	data ->> 'head' AS head,
	strftime('%Y-%m-%dT%H:%M:%fZ', data ->> 'last_ms' / 1000.0,
		'unixepoch') AS last_row,
	strftime('%Y-%m-%dT%H:%M:%fZ', time_ms / 1000.0, 'unixepoch') AS merged
FROM event
WHERE seq IN (SELECT max(seq) FROM event WHERE kind = 'station_merged'
	GROUP BY data ->> 'station');

-- Two check values under one label: the key behind the label has changed.
CREATE VIEW keys AS
SELECT
	data ->> 'label' AS label,
	data ->> 'kcv' AS kcv,
	strftime('%Y-%m-%dT%H:%M:%fZ', min(time_ms) / 1000.0, 'unixepoch')
		AS first_seen,
	strftime('%Y-%m-%dT%H:%M:%fZ', max(time_ms) / 1000.0, 'unixepoch')
		AS last_seen
FROM event
WHERE kind = 'key_check'
GROUP BY 1, 2;

-- What the table `history` is to say, out of the rows.
CREATE VIEW history_facts AS
WITH fact AS (
	SELECT
		endpoint,
		coalesce(endpoint_raw, x'') AS endpoint_raw,
		count(*) FILTER (WHERE kind = 'bootstrap_end'
			AND data ->> 'outcome' = 'ok') AS oks,
		max(seq) FILTER (WHERE kind = 'bootstrap_end'
			AND data ->> 'outcome' = 'ok') AS ok_seq,
		max(seq) FILTER (WHERE kind IN ('device_released',
			'push_planned')) AS released_seq,
		max(seq) FILTER (WHERE kind = 'bootstrap_begin'
			AND data ->> 'servers' IS NOT NULL) AS servers_seq
	FROM event
	WHERE endpoint IS NOT NULL
		AND +kind IN ('bootstrap_begin', 'bootstrap_end',
			'device_released', 'push_planned')
	GROUP BY event.endpoint, event.endpoint_raw
)
SELECT
	f.endpoint,
	f.endpoint_raw,
	f.oks,
	f.ok_seq,
	coalesce((SELECT b.data ->> 'turn' FROM event AS b
		WHERE b.session =
			(SELECT session FROM event WHERE seq = f.ok_seq)
			AND b.seq < f.ok_seq AND +b.kind = 'bootstrap_begin'
		ORDER BY b.seq DESC LIMIT 1), 0) AS turn,
	f.released_seq,
	f.servers_seq
FROM fact AS f
WHERE f.oks > 0 OR f.released_seq IS NOT NULL OR f.servers_seq IS NOT NULL;

-- Each work order that images were minted under, as far as this ledger has
-- opened it, and how much of it is used.
CREATE VIEW orders AS
SELECT
	o.name AS work_order,
	o.revision,
	o.sha256,
	strftime('%Y-%m-%dT%H:%M:%fZ', e.time_ms / 1000.0, 'unixepoch')
		AS opened,
	e.data ->> 'quota' AS quota,
	e.data ->> 'stations' AS stations,
	e.data ->> 'batch' AS batch,
	(SELECT coalesce(sum(units), 0) FROM order_count
		WHERE work_order = o.name) AS units,
	(SELECT coalesce(sum(scrapped), 0) FROM order_count
		WHERE work_order = o.name) AS scrapped
FROM work_order AS o
JOIN event AS e ON e.seq = o.opened_seq;

-- What the table `order_unit` is to say, out of the rows.
CREATE VIEW order_unit_facts AS
WITH minted AS (
	SELECT
		data ->> 'order' AS work_order,
		endpoint,
		coalesce(endpoint_raw, x'') AS endpoint_raw,
		min(seq) AS minted_seq,
		max(seq) AS last_seq
	FROM event
	WHERE kind = 'image_minted' AND endpoint IS NOT NULL
		AND data ->> 'order' IS NOT NULL
	GROUP BY 1, 2, 3
)
SELECT
	m.work_order,
	m.endpoint,
	m.endpoint_raw,
	coalesce(f.data ->> 'station', '') AS station,
	m.minted_seq,
	(SELECT min(s.seq) FROM event AS s
		WHERE s.endpoint = m.endpoint
			AND coalesce(s.endpoint_raw, x'') = m.endpoint_raw
			AND s.seq > m.last_seq AND +s.kind = 'unit_scrapped'
			AND s.data ->> 'order' = m.work_order) AS scrapped_seq
FROM minted AS m
JOIN event AS f ON f.seq = m.minted_seq;

-- Where the tables that follow from the rows do not. Empty, or somebody wrote
-- to them: the views above cannot be believed there.
CREATE VIEW inconsistencies AS
WITH fact AS (
	SELECT
		endpoint,
		coalesce(endpoint_raw, x'') AS endpoint_raw,
		max(seq) FILTER (WHERE kind = 'image_minted') AS minted_seq,
		min(seq) FILTER (WHERE kind = 'bootstrap_begin') AS first_seq,
		max(seq) FILTER (WHERE kind = 'bootstrap_begin') AS begin_seq,
		count(*) FILTER (WHERE kind = 'bootstrap_begin') AS attempts
	FROM event
	WHERE endpoint IS NOT NULL
		AND +kind IN ('image_minted', 'bootstrap_begin')
	GROUP BY event.endpoint, event.endpoint_raw
)
SELECT 'device' AS name, coalesce(f.begin_seq, f.minted_seq) AS seq
FROM fact AS f
LEFT JOIN device AS d
	ON d.endpoint = f.endpoint AND d.endpoint_raw = f.endpoint_raw
WHERE d.endpoint IS NULL
	OR d.minted_seq IS NOT f.minted_seq
	OR d.first_seq IS NOT f.first_seq
	OR d.begin_seq IS NOT f.begin_seq
	OR d.attempts IS NOT f.attempts
	OR d.end_seq IS NOT (
		SELECT min(e.seq) FROM event AS e
		WHERE e.session =
			(SELECT session FROM event WHERE seq = f.begin_seq)
			AND e.seq > f.begin_seq
			AND e.kind = 'bootstrap_end'
			AND e.endpoint = f.endpoint
			AND coalesce(e.endpoint_raw, x'') = f.endpoint_raw)
UNION ALL
SELECT 'device', coalesce(d.begin_seq, d.minted_seq, 0)
FROM device AS d
LEFT JOIN event AS e ON e.seq = coalesce(d.begin_seq, d.minted_seq)
WHERE e.endpoint IS NOT d.endpoint
	OR coalesce(e.endpoint_raw, x'') IS NOT d.endpoint_raw
UNION ALL
SELECT 'open_session', b.seq
FROM event AS b
LEFT JOIN open_session AS o ON o.session = b.session
WHERE b.kind = 'bootstrap_begin' AND b.session IS NOT NULL
	AND o.seq IS NOT b.seq
	AND NOT EXISTS (
		SELECT 1 FROM event AS x
		WHERE x.session = b.session AND x.seq > b.seq
			AND x.kind IN ('bootstrap_begin', 'bootstrap_end'))
UNION ALL
SELECT 'open_session', o.seq
FROM open_session AS o
LEFT JOIN event AS b ON b.seq = o.seq AND b.kind = 'bootstrap_begin'
WHERE b.session IS NOT o.session
	OR b.endpoint IS NOT o.endpoint
	OR EXISTS (
		SELECT 1 FROM event AS x
		WHERE x.session = o.session AND x.seq > o.seq
			AND x.kind IN ('bootstrap_begin', 'bootstrap_end'))
UNION ALL
SELECT 'blob', p.seq
FROM event AS p
WHERE p.kind = 'policies_loaded' AND p.data ->> 'kept' = 1
	AND NOT EXISTS (
		SELECT 1 FROM blob AS b
		WHERE lower(hex(b.sha256)) = p.data ->> 'policy_set')
UNION ALL
SELECT 'history', coalesce(f.servers_seq, f.ok_seq, f.released_seq)
FROM history_facts AS f
LEFT JOIN history AS h
	ON h.endpoint = f.endpoint AND h.endpoint_raw = f.endpoint_raw
WHERE h.endpoint IS NULL
	OR h.oks IS NOT f.oks
	OR h.ok_seq IS NOT f.ok_seq
	OR h.turn IS NOT f.turn
	OR h.released_seq IS NOT f.released_seq
	OR h.servers_seq IS NOT f.servers_seq
UNION ALL
SELECT 'history', coalesce(h.servers_seq, h.ok_seq, h.released_seq, 0)
FROM history AS h
LEFT JOIN event AS e
	ON e.seq = coalesce(h.servers_seq, h.ok_seq, h.released_seq)
WHERE e.endpoint IS NOT h.endpoint
	OR coalesce(e.endpoint_raw, x'') IS NOT h.endpoint_raw
UNION ALL
SELECT 'placement', 0
FROM (
	SELECT n.value AS server, count(*) AS devices
	FROM history AS h
	JOIN event AS b ON b.seq = h.servers_seq
	JOIN json_each('["' || replace(b.data ->> 'servers', ' ', '","') ||
		'"]') AS n
	GROUP BY n.value
	UNION ALL
	SELECT server, -devices FROM placement
)
GROUP BY server HAVING sum(devices) <> 0
UNION ALL
SELECT 'order_unit', f.minted_seq
FROM order_unit_facts AS f
LEFT JOIN order_unit AS u ON u.work_order = f.work_order
	AND u.endpoint = f.endpoint AND u.endpoint_raw = f.endpoint_raw
WHERE u.station IS NOT f.station
	OR u.minted_seq IS NOT f.minted_seq
	OR u.scrapped_seq IS NOT f.scrapped_seq
UNION ALL
SELECT 'order_unit', u.minted_seq
FROM order_unit AS u
LEFT JOIN event AS e ON e.seq = u.minted_seq
WHERE e.kind IS NOT 'image_minted'
	OR e.endpoint IS NOT u.endpoint
	OR coalesce(e.endpoint_raw, x'') IS NOT u.endpoint_raw
	OR e.data ->> 'order' IS NOT u.work_order
UNION ALL
SELECT 'order_count', 0
FROM (
	SELECT work_order, station, count(*) AS units,
		count(scrapped_seq) AS scrapped
	FROM order_unit
	GROUP BY work_order, station
	UNION ALL
	SELECT work_order, station, -units, -scrapped FROM order_count
)
GROUP BY work_order, station
HAVING sum(units) <> 0 OR sum(scrapped) <> 0
UNION ALL
SELECT 'work_order', o.seq
FROM event AS o
LEFT JOIN work_order AS w ON w.name = o.data ->> 'order'
WHERE o.kind = 'order_opened' AND (w.revision IS NULL
	OR w.revision < o.data ->> 'revision'
	OR (w.opened_seq = o.seq AND w.sha256 IS NOT o.data ->> 'sha256'))
UNION ALL
SELECT 'work_order', w.opened_seq
FROM work_order AS w
LEFT JOIN event AS o ON o.seq = w.opened_seq AND o.kind = 'order_opened'
WHERE o.data ->> 'order' IS NOT w.name
	OR o.data ->> 'revision' IS NOT w.revision;
