-- A journal of the first version, as wavec 0.1.0 wrote it: a gate that said no-go and then go, a retry, a resume, an answer.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE runs (
        id         INTEGER PRIMARY KEY AUTOINCREMENT,
        plan_name  TEXT    NOT NULL,
        plan_path  TEXT    NOT NULL,
        directory  TEXT    NOT NULL,
        created    INTEGER NOT NULL,
        version    TEXT    NOT NULL
    ) STRICT;
INSERT INTO runs VALUES(1,'old','/p/p.wave','/p',1795410058626,'0.1.0');
CREATE TABLE revisions (
        run        INTEGER NOT NULL REFERENCES runs (id),
        revision   INTEGER NOT NULL,
        first_seq  INTEGER NOT NULL,
        at         INTEGER NOT NULL,
        version    TEXT    NOT NULL,
        hash       TEXT    NOT NULL,
        params     TEXT    NOT NULL,
        PRIMARY KEY (run, revision)
    ) STRICT, WITHOUT ROWID;
INSERT INTO revisions VALUES(1,1,1,1795410058626,'0.1.0','5422b44ed44c824c81a48eaef3d7fdc73b441015443edea316afbaab084d5e3d','[]');
CREATE TABLE texts (
        hash       TEXT PRIMARY KEY,
        text       TEXT NOT NULL
    ) STRICT;
INSERT INTO texts VALUES('bde9cca12e6bbb6949bede35c86fe4870c990147bf5c8ed68939296a7e2a9ba8',replace('plan old\nworkers 2\npreflight { check "tools" runs "sh -c :" }\nwave w {\n  task a { run "echo a"; output it from stdout; success { check "there" runs "test -e p.wave" } }\n  task b { run "test -e again || { touch again; exit 1; }"; retries 1 }\n  gate "go?" { check "fine" runs "test -e twice || { touch twice; exit 1; }"; approve "Go on?"; on no-go retry up to 2 }\n}\nwave x {\n  task c { run "echo {{a.it}}" }\n  task d { wait 10ms }\n}\nfinally { task clean { run "rm -f again twice" } }\n','\n',char(10)));
CREATE TABLE sources (
        run        INTEGER NOT NULL,
        revision   INTEGER NOT NULL,
        place      INTEGER NOT NULL,
        path       TEXT    NOT NULL,
        hash       TEXT    NOT NULL REFERENCES texts (hash),
        PRIMARY KEY (run, revision, place)
    ) STRICT, WITHOUT ROWID;
INSERT INTO sources VALUES(1,1,0,'/p/p.wave','bde9cca12e6bbb6949bede35c86fe4870c990147bf5c8ed68939296a7e2a9ba8');
CREATE TABLE items (
        run        INTEGER NOT NULL,
        revision   INTEGER NOT NULL,
        kind       TEXT    NOT NULL CHECK (kind IN ('task', 'group', 'gate')),
        id         INTEGER NOT NULL,
        name       TEXT    NOT NULL,
        definition TEXT    NOT NULL,
        PRIMARY KEY (run, revision, kind, id)
    ) STRICT, WITHOUT ROWID;
INSERT INTO items VALUES(1,1,'gate',0,'w.gate','e2313b787cc208d4');
INSERT INTO items VALUES(1,1,'group',0,'','fc6c9daf4b2f4581');
INSERT INTO items VALUES(1,1,'group',1,'w','a2633791b40a2f45');
INSERT INTO items VALUES(1,1,'group',2,'x','f8ded3343032287e');
INSERT INTO items VALUES(1,1,'task',0,'w.a','c01c3dab445550f7faab8417c1653566a9cfed0873194b19077ad3e1593c4762');
INSERT INTO items VALUES(1,1,'task',1,'w.b','9c40bc06476bb9db6e2a4021fbed6d9d689c06ac5372d9d97afb2c4084333f55');
INSERT INTO items VALUES(1,1,'task',2,'x.c','2e8205a809db3afa2e2412233689550023238f1b3470a4b391bebff9b925a24f');
INSERT INTO items VALUES(1,1,'task',3,'x.d','005fc52ee730f7f9cf5322c3f4a689c1d4c498e362e49d754089938dbd8d9eaf');
INSERT INTO items VALUES(1,1,'task',4,'clean','c35a91fffc9600e31fdcf6040080fddaba7f89b5c2e60ede1254c45e1dee48c1');
CREATE TABLE events (
        run        INTEGER NOT NULL,
        seq        INTEGER NOT NULL,
        at         INTEGER NOT NULL,
        event      TEXT    NOT NULL,
        PRIMARY KEY (run, seq)
    ) STRICT, WITHOUT ROWID;
INSERT INTO events VALUES(1,1,1795410058629,'{"event":"run_started","pid":20272,"session":1,"workers":2}');
INSERT INTO events VALUES(1,2,1795410058690,'{"event":"check_ended","owner":"preflight","index":0,"verdict":"pass","evidence":"exited with 0","milliseconds":40}');
INSERT INTO events VALUES(1,3,1795410058690,'{"event":"group_started","group":0}');
INSERT INTO events VALUES(1,4,1795410058690,'{"event":"group_started","group":1}');
INSERT INTO events VALUES(1,5,1795410058690,'{"event":"attempt_starting","task":0,"attempt":1}');
INSERT INTO events VALUES(1,6,1795410058690,'{"event":"attempt_starting","task":1,"attempt":1}');
INSERT INTO events VALUES(1,7,1795410058702,'{"event":"attempt_running","task":1,"attempt":1,"pid":20282}');
INSERT INTO events VALUES(1,8,1795410058702,'{"event":"attempt_running","task":0,"attempt":1,"pid":20281}');
INSERT INTO events VALUES(1,9,1795410058702,'{"event":"attempt_ended","task":0,"attempt":1,"end":{"end":"done"},"milliseconds":10}');
INSERT INTO events VALUES(1,10,1795410058702,'{"event":"output_taken","task":0,"index":0,"value":"a"}');
INSERT INTO events VALUES(1,11,1795410058710,'{"event":"attempt_ended","task":1,"attempt":1,"end":{"end":"exit","code":1},"milliseconds":19}');
INSERT INTO events VALUES(1,12,1795410058710,'{"event":"retry_scheduled","task":1,"attempt":2,"milliseconds":0,"reason":"exited with 1"}');
INSERT INTO events VALUES(1,13,1795410058718,'{"event":"attempt_starting","task":1,"attempt":2}');
INSERT INTO events VALUES(1,14,1795410058719,'{"event":"check_ended","owner":{"task":[0,1]},"index":0,"verdict":"pass","evidence":"exited with 0","milliseconds":16}');
INSERT INTO events VALUES(1,15,1795410058719,'{"event":"task_ended","task":0,"outcome":"succeeded","reason":""}');
INSERT INTO events VALUES(1,16,1795410058747,'{"event":"attempt_running","task":1,"attempt":2,"pid":20285}');
INSERT INTO events VALUES(1,17,1795410058747,'{"event":"attempt_ended","task":1,"attempt":2,"end":{"end":"done"},"milliseconds":28}');
INSERT INTO events VALUES(1,18,1795410058747,'{"event":"task_ended","task":1,"outcome":"succeeded","reason":""}');
INSERT INTO events VALUES(1,19,1795410058747,'{"event":"gate_started","gate":0}');
INSERT INTO events VALUES(1,20,1795410058771,'{"event":"check_ended","owner":{"gate":0},"index":0,"verdict":"fail","evidence":"exited with 1, not 0","milliseconds":23}');
INSERT INTO events VALUES(1,21,1795410058771,'{"event":"gate_ended","gate":0,"decision":"no_go","reason":"`fine` does not hold: exited with 1, not 0"}');
INSERT INTO events VALUES(1,22,1795410058771,'{"event":"restarted","gate":0,"round":1,"tasks":[0,1],"feedback":"## Why this runs again\n\nThe gate `w.gate` \"go?\" said no-go after the last round:\n\n- `fine` does not hold: exited with 1, not 0\n"}');
INSERT INTO events VALUES(1,23,1795410058771,'{"event":"attempt_starting","task":0,"attempt":2}');
INSERT INTO events VALUES(1,24,1795410058771,'{"event":"attempt_starting","task":1,"attempt":3}');
INSERT INTO events VALUES(1,25,1795410058830,'{"event":"attempt_running","task":1,"attempt":3,"pid":20289}');
INSERT INTO events VALUES(1,26,1795410058830,'{"event":"attempt_ended","task":1,"attempt":3,"end":{"end":"done"},"milliseconds":7}');
INSERT INTO events VALUES(1,27,1795410058830,'{"event":"task_ended","task":1,"outcome":"succeeded","reason":""}');
INSERT INTO events VALUES(1,28,1795410058831,'{"event":"attempt_running","task":0,"attempt":2,"pid":20288}');
INSERT INTO events VALUES(1,29,1795410058831,'{"event":"attempt_ended","task":0,"attempt":2,"end":{"end":"done"},"milliseconds":8}');
INSERT INTO events VALUES(1,30,1795410058831,'{"event":"output_taken","task":0,"index":0,"value":"a"}');
INSERT INTO events VALUES(1,31,1795410058890,'{"event":"check_ended","owner":{"task":[0,2]},"index":0,"verdict":"pass","evidence":"exited with 0","milliseconds":59}');
INSERT INTO events VALUES(1,32,1795410058890,'{"event":"task_ended","task":0,"outcome":"succeeded","reason":""}');
INSERT INTO events VALUES(1,33,1795410058890,'{"event":"gate_started","gate":0}');
INSERT INTO events VALUES(1,34,1795410058914,'{"event":"check_ended","owner":{"gate":0},"index":0,"verdict":"pass","evidence":"exited with 0","milliseconds":23}');
INSERT INTO events VALUES(1,35,1795410058914,'{"event":"approval_asked","owner":{"gate":0},"index":0,"question":"Go on?","deadline":null}');
INSERT INTO events VALUES(1,36,1795410058934,'{"event":"run_ended","outcome":"waiting","reason":"the gate `w.gate` waits for an answer"}');
INSERT INTO events VALUES(1,37,1795410059374,'{"event":"run_started","pid":20293,"session":2,"workers":2}');
INSERT INTO events VALUES(1,38,1795410059406,'{"event":"check_ended","owner":"preflight","index":0,"verdict":"pass","evidence":"exited with 0","milliseconds":30}');
INSERT INTO events VALUES(1,39,1795410059406,'{"event":"group_started","group":0}');
INSERT INTO events VALUES(1,40,1795410059406,'{"event":"group_started","group":1}');
INSERT INTO events VALUES(1,41,1795410059406,'{"event":"gate_started","gate":0}');
INSERT INTO events VALUES(1,42,1795410059427,'{"event":"check_ended","owner":{"gate":0},"index":0,"verdict":"pass","evidence":"exited with 0","milliseconds":19}');
INSERT INTO events VALUES(1,43,1795410059427,'{"event":"approval_asked","owner":{"gate":0},"index":0,"question":"Go on?","deadline":null}');
INSERT INTO events VALUES(1,44,1795410059427,'{"event":"approval_answered","owner":{"gate":0},"index":0,"answer":"approved","by":"ann","reason":""}');
INSERT INTO events VALUES(1,45,1795410059427,'{"event":"gate_ended","gate":0,"decision":"go","reason":""}');
INSERT INTO events VALUES(1,46,1795410059427,'{"event":"group_ended","group":1,"outcome":"succeeded","reason":""}');
INSERT INTO events VALUES(1,47,1795410059427,'{"event":"group_started","group":2}');
INSERT INTO events VALUES(1,48,1795410059427,'{"event":"attempt_starting","task":2,"attempt":1}');
INSERT INTO events VALUES(1,49,1795410059427,'{"event":"attempt_starting","task":3,"attempt":1}');
INSERT INTO events VALUES(1,50,1795410059427,'{"event":"attempt_running","task":3,"attempt":1,"pid":null}');
INSERT INTO events VALUES(1,51,1795410059450,'{"event":"attempt_ended","task":3,"attempt":1,"end":{"end":"done"},"milliseconds":23}');
INSERT INTO events VALUES(1,52,1795410059450,'{"event":"task_ended","task":3,"outcome":"succeeded","reason":""}');
INSERT INTO events VALUES(1,53,1795410059451,'{"event":"attempt_running","task":2,"attempt":1,"pid":20301}');
INSERT INTO events VALUES(1,54,1795410059451,'{"event":"attempt_ended","task":2,"attempt":1,"end":{"end":"done"},"milliseconds":16}');
INSERT INTO events VALUES(1,55,1795410059451,'{"event":"task_ended","task":2,"outcome":"succeeded","reason":""}');
INSERT INTO events VALUES(1,56,1795410059451,'{"event":"group_ended","group":2,"outcome":"succeeded","reason":""}');
INSERT INTO events VALUES(1,57,1795410059451,'{"event":"group_ended","group":0,"outcome":"succeeded","reason":""}');
INSERT INTO events VALUES(1,58,1795410059451,'{"event":"cleanup_started","group":0,"is_finally":true}');
INSERT INTO events VALUES(1,59,1795410059451,'{"event":"attempt_starting","task":4,"attempt":1}');
INSERT INTO events VALUES(1,60,1795410059474,'{"event":"attempt_running","task":4,"attempt":1,"pid":20302}');
INSERT INTO events VALUES(1,61,1795410059474,'{"event":"attempt_ended","task":4,"attempt":1,"end":{"end":"done"},"milliseconds":23}');
INSERT INTO events VALUES(1,62,1795410059474,'{"event":"task_ended","task":4,"outcome":"succeeded","reason":""}');
INSERT INTO events VALUES(1,63,1795410059477,'{"event":"run_ended","outcome":"succeeded","reason":""}');
CREATE TABLE answers (
        id         INTEGER PRIMARY KEY AUTOINCREMENT,
        run        INTEGER NOT NULL REFERENCES runs (id),
        owner      TEXT    NOT NULL,
        place      INTEGER NOT NULL,
        answer     TEXT    NOT NULL,
        by         TEXT    NOT NULL,
        reason     TEXT    NOT NULL,
        at         INTEGER NOT NULL,
        taken      INTEGER
    ) STRICT;
INSERT INTO answers VALUES(1,1,'{"gate":0}',0,'"approved"','ann','',1795410059153,44);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('runs',1);
INSERT INTO sqlite_sequence VALUES('answers',1);
CREATE INDEX answers_open ON answers (run) WHERE taken IS NULL;
COMMIT;
PRAGMA user_version = 1;
PRAGMA application_id = 2002876003;
