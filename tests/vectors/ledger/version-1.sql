-- A ledger as version 1 wrote it: eight rows, of two devices and of somebody who
-- sent bytes that are no text. Made by that version, and taken out by .dump of
-- sqlite3; the two marks of the file, which .dump leaves out, are at the end.

BEGIN TRANSACTION;
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
INSERT INTO event VALUES(1,1795346599382,'key_check',NULL,NULL,NULL,'{"label":"fleet-2026","kcv":"a1b2c3d4","token":"bench"}',X'1cc733503551f34de936596d1291bed794e319de6c6ed2f0f16591c2276ddc3a');
INSERT INTO event VALUES(2,1795346599382,'image_minted',NULL,'urn:dev:ops:A-1',NULL,'{"identity":"factory-2026","master":"bootstrap-2026","epoch":1,"format":"json","kind":"psk","fingerprint":"00112233aabbccdd"}',X'e9ffe2658b89d9e299fdb8a01fbf427303cfe75d35ddae84a1ae06d1c5bb03cb');
INSERT INTO event VALUES(3,1795346599382,'bootstrap_begin',X'01010101010101010101010101010101','urn:dev:ops:A-1',NULL,'{"credential":"urn:dev:ops:A-1","kind":"psk","identity":"factory-2026","epoch":1,"policy":"meters"}',X'0267f454164e1fe83c286a54afd07997ae6213a686341a655a6ca048c10e291d');
INSERT INTO event VALUES(4,1795346599382,'credential_issued',X'01010101010101010101010101010101','urn:dev:ops:A-1',NULL,'{"kind":"psk","purpose":"server","short_server_id":101,"master":"fleet-2026","epoch":1,"fingerprint":"99aabbccddeeff00"}',X'42f2be084f164a08cf5546373fe80f7e4ae7e37840fbf19622b443da245eb8f7');
INSERT INTO event VALUES(5,1795346599382,'bootstrap_end',X'01010101010101010101010101010101','urn:dev:ops:A-1',NULL,'{"outcome":"ok","reason":"finished"}',X'5036993a43cd18307b570240b82b5d056481403a3e9b28a68e0f7213c29bf099');
INSERT INTO event VALUES(6,1795346599382,'bootstrap_refused',NULL,'b\u00ff\u001b[2J',X'62ff1b5b324a','{"credential":"who\n","kind":"psk","address":"192.0.2.7:40000","reason":"no-policy","sentence":"No policy fits.","remedy":"Write one."}',X'c9f26beb63087833205a042ceaaf3c3c94dd858f055dbac14bc99411e29ff2bf');
INSERT INTO event VALUES(7,1795346599383,'bootstrap_begin',X'02020202020202020202020202020202','urn:dev:ops:A-2',NULL,'{"credential":"urn:dev:ops:A-2","kind":"psk","identity":"factory-2026","epoch":1,"policy":"meters"}',X'83450e1d82bdc3946b8e32540a22e4e3ae5e1b248f502156d2d295db1fedf025');
INSERT INTO event VALUES(8,1795346599383,'credential_revoked',NULL,'urn:dev:ops:A-1',NULL,'{"fingerprint":"99aabbccddeeff00","reason":"superseded"}',X'c166e8c3a3d8033e2e96a7c80645dc6654b5618329fdf37fcaf0c918c6f27e45');
CREATE TABLE open_session (
	session BLOB PRIMARY KEY,
	seq INTEGER NOT NULL,
	endpoint TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO open_session VALUES(X'02020202020202020202020202020202',7,'urn:dev:ops:A-2');
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
INSERT INTO device VALUES('urn:dev:ops:A-1',X'',2,3,3,5,1);
INSERT INTO device VALUES('urn:dev:ops:A-2',X'',NULL,7,7,NULL,1);
CREATE INDEX event_kind ON event (kind);
CREATE INDEX event_session ON event (session) WHERE session IS NOT NULL;
CREATE INDEX event_endpoint ON event (endpoint, endpoint_raw)
	WHERE endpoint IS NOT NULL;
CREATE INDEX event_revoked ON event (json_extract(data, '$.fingerprint'))
	WHERE kind = 'credential_revoked';
CREATE TRIGGER event_keeps_rows BEFORE DELETE ON event BEGIN
	SELECT RAISE(ABORT, 'the ledger is append-only');
END;
CREATE TRIGGER event_keeps_values BEFORE UPDATE ON event BEGIN
	SELECT RAISE(ABORT, 'the ledger is append-only');
END;
CREATE TRIGGER event_only_grows BEFORE INSERT ON event
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM event) BEGIN
	SELECT RAISE(ABORT, 'the ledger is append-only');
END;
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
CREATE TRIGGER device_ends AFTER INSERT ON event
WHEN NEW.kind = 'bootstrap_end' AND NEW.endpoint IS NOT NULL BEGIN
	UPDATE device SET end_seq = NEW.seq
	WHERE endpoint = NEW.endpoint
		AND endpoint_raw = coalesce(NEW.endpoint_raw, x'')
		AND end_seq IS NULL
		AND NEW.session =
			(SELECT session FROM event WHERE seq = begin_seq);
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
	e.data ->> 'duration_ms' AS duration_ms
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
	NULL, NULL, NULL, NULL, NULL,
	r.data ->> 'worker',
	'refused',
	r.data ->> 'reason',
	r.data ->> 'sentence',
	r.data ->> 'remedy',
	0
FROM event AS r
WHERE likelihood(r.kind = 'bootstrap_refused', 0.5);
CREATE VIEW devices AS
SELECT
	d.endpoint,
	strftime('%Y-%m-%dT%H:%M:%fZ', m.time_ms / 1000.0, 'unixepoch')
		AS minted,
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
CREATE VIEW credentials AS
SELECT
	c.endpoint,
	nullif(lower(hex(c.session)), '') AS session,
	c.data ->> 'kind' AS kind,
	CASE c.kind WHEN 'image_minted'
		THEN coalesce(c.data ->> 'purpose', 'image')
		ELSE c.data ->> 'purpose' END AS purpose,
	c.data ->> 'short_server_id' AS short_server_id,
	c.data ->> 'master' AS master,
	c.data ->> 'epoch' AS epoch,
	json_extract(c.data, '$.fingerprint') AS fingerprint,
	strftime('%Y-%m-%dT%H:%M:%fZ', c.time_ms / 1000.0, 'unixepoch')
		AS issued,
	(SELECT strftime('%Y-%m-%dT%H:%M:%fZ', min(r.time_ms) / 1000.0,
		'unixepoch') FROM event AS r
		WHERE r.kind = 'credential_revoked'
		AND json_extract(r.data, '$.fingerprint') =
			json_extract(c.data, '$.fingerprint')) AS revoked
FROM event AS c
WHERE c.kind IN ('credential_issued', 'image_minted');
CREATE VIEW checkpoints AS
SELECT
	seq,
	strftime('%Y-%m-%dT%H:%M:%fZ', time_ms / 1000.0, 'unixepoch') AS time,
	data ->> 'covered_seq' AS covered_seq,
	data ->> 'head' AS head
FROM event
WHERE kind = 'checkpoint';
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
			AND x.kind IN ('bootstrap_begin', 'bootstrap_end'));
PRAGMA application_id = 0x62734c47;
PRAGMA user_version = 1;
COMMIT;
PRAGMA journal_mode = WAL;
