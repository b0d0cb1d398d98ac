/** One conversation in which kvorum once differed from Redis, or easily could. */
export interface Regression {
  readonly about: string;
  /** As script.ts reads it. */
  readonly says: string;
}

export const regressions: readonly Regression[] = [
  {
    about: "CLIENT TRACKING OFF looks at its options",
    says: "CLIENT TRACKING OFF | CLIENT TRACKING OFF BCAST OPTIN | CLIENT TRACKING OFF x | CLIENT TRACKING x BCAST",
  },
  {
    about: "texts of errors are C strings: an event, a user, an option, a type of clients",
    says: 'LATENCY GRAPH "a\\x00b" | CLIENT KILL USER "a\\x00b" | HELLO 3 "a\\x00b" | CLIENT LIST TYPE "a\\x00b"',
  },
  {
    about: "HELLO does what it has read before it comes to an error",
    says: "HELLO 3 SETNAME me FOO | CLIENT GETNAME | HELLO 3 AUTH nobody x SETNAME",
  },
  { about: "COMMAND LIST has subcommands in it", says: "COMMAND LIST" },
  {
    about: "an option that EXPIRE refuses is quoted up to its first zero byte",
    says: 'EXPIRE a 30000 "\\xff\\x00x" | EXPIRE a 30000 "x\\r\\ny"',
  },
  {
    about: "an unknown command and its arguments are quoted up to their first zero byte",
    says: '"FOO\\x00BAR" "a\\x00b" "c\\r\\nd" | FOO "\\xff\\xfe" ""',
  },
  {
    about: "an unknown subcommand is quoted up to its first zero byte",
    says: 'OBJECT "a\\x00b" k | CLIENT "\\r\\n" | DEBUG "a\\x00b"',
  },
  {
    about: "names and arguments of an unknown command are cut at 128 bytes together",
    says: `${"n".repeat(200)} ${"x".repeat(100)} ${"y".repeat(100)} z | NONSENSE ${"x".repeat(300)}`,
  },
  {
    about: "a watched key that is deleted refuses EXEC",
    says: "SET a 1 | WATCH a | @1 DEL a | MULTI ; GET a ; EXEC",
  },
  { about: "a watched key that appears refuses EXEC", says: "WATCH a | @1 SET a 1 | MULTI ; GET a ; EXEC" },
  {
    about: "a watched key that is written with the same value refuses EXEC",
    says: "SET a 1 | WATCH a | @1 SET a 1 | MULTI ; EXEC",
  },
  {
    about: "a watched key that was only read lets EXEC pass",
    says: "SET a 1 | WATCH a | @1 GETEX a ; TOUCH a ; STRLEN a | MULTI ; INCR a ; EXEC",
  },
  {
    about: "a watched key that gets a deadline refuses EXEC",
    says: "SET a 1 | WATCH a | @1 EXPIRE a 50000 | MULTI ; EXEC",
  },
  {
    about: "a watched key that loses its deadline refuses EXEC",
    says: "SET a 1 EX 50000 | WATCH a | @1 PERSIST a | MULTI ; EXEC",
  },
  {
    about: "a deadline that is refused leaves a watched key alone",
    says: "SET a 1 EX 50000 | WATCH a | @1 EXPIRE a 60000 NX | MULTI ; EXEC",
  },
  {
    about: "a watched key that expires refuses EXEC",
    says: "SET a 1 PX 300 | WATCH a | @1 gone a | MULTI ; EXEC",
  },
  {
    about: "a watched key that SWAPDB replaces refuses EXEC",
    says: "SET a 1 | WATCH a | @1 SWAPDB 0 1 | MULTI ; EXEC",
  },
  {
    about: "a watched key that SWAPDB brings refuses EXEC",
    says: "SELECT 1 | SET a 1 | SELECT 0 | WATCH a | @1 SWAPDB 0 1 | MULTI ; EXEC",
  },
  {
    about: "what SELECT refuses in a transaction selects nothing for the commands behind it",
    says: "MULTI ; SELECT 01 ; SET a 1 ; SELECT 1 ; SET b 1 ; SELECT +0 ; SET c 1 ; SELECT 16 ; SET d 1 ; EXEC",
  },
  {
    about: "SWAPDB of databases without a watched key lets EXEC pass",
    says: "SET b 1 | WATCH a | @1 SWAPDB 0 1 | MULTI ; EXEC",
  },
  {
    about: "FLUSHALL refuses EXEC where a watched key existed",
    says: "SET a 1 | WATCH a | @1 FLUSHALL | MULTI ; EXEC",
  },
  {
    about: "FLUSHALL lets EXEC pass where no watched key existed",
    says: "SET b 1 | WATCH a | @1 FLUSHALL | MULTI ; EXEC",
  },
  {
    about: "FLUSHDB of another database lets EXEC pass",
    says: "SET a 1 | WATCH a | @1 SELECT 1 ; FLUSHDB | MULTI ; EXEC",
  },
  {
    about: "a key is watched in the database of its WATCH",
    says: "WATCH a | SELECT 1 | @1 SELECT 1 ; SET a 1 | MULTI ; PING ; EXEC",
  },
  { about: "RENAME writes both names", says: "SET a 1 | WATCH b | @1 RENAME a b | MULTI ; GET b ; EXEC" },
  { about: "COPY leaves its source alone", says: "SET a 1 | WATCH a | @1 COPY a b | MULTI ; GET b ; EXEC" },
  {
    about: "a write by the watching connection itself refuses EXEC",
    says: "WATCH a | SET a 1 | MULTI ; GET a ; EXEC | GET a",
  },
  {
    about: "EXEC without MULTI forgets nothing that is watched",
    says: "WATCH a | EXEC | SET a 1 | MULTI ; GET a ; EXEC",
  },
  {
    about: "subcommands in a transaction",
    says: "MULTI ; OBJECT ENCODING a ; CLIENT GETNAME ; MEMORY USAGE a ; CONFIG GET nonsense ; EXEC",
  },
  { about: "UNWATCH forgets", says: "WATCH a | @1 SET a 1 | UNWATCH | MULTI ; GET a ; EXEC" },
  {
    about: "UNWATCH in a transaction comes too late",
    says: "WATCH a | @1 SET a 1 | MULTI ; UNWATCH ; EXEC | MULTI ; PING ; EXEC",
  },
  {
    about: "DISCARD forgets what is watched",
    says: "WATCH a | @1 SET a 1 | MULTI ; DISCARD ; MULTI ; GET a ; EXEC",
  },
  {
    about: "a refused EXEC forgets what is watched",
    says: "WATCH a | @1 SET a 1 | MULTI ; EXEC | MULTI ; GET a ; EXEC",
  },
  { about: "WATCH in a transaction is refused and spoils nothing", says: "MULTI ; WATCH a ; SET a 1 ; EXEC" },
  { about: "a nested MULTI spoils nothing", says: "MULTI ; MULTI ; SET a 1 ; EXEC | GET a" },
  {
    about: "an unknown command in a transaction aborts it",
    says: "MULTI ; NONSENSE ; SET a 1 ; EXEC | GET a",
  },
  {
    about: "a wrong number of arguments in a transaction aborts it",
    says: "MULTI ; GET ; SET a 1 ; EXEC | GET a",
  },
  {
    about: "EXEC with an argument aborts the transaction it stands in",
    says: "MULTI ; SET a 1 ; EXEC x ; EXEC | GET a",
  },
  {
    about: "a command that fails does not stop the ones behind it",
    says: "SET a x | MULTI ; INCR a ; SET b 2 ; EXEC | GET b",
  },
  {
    about: "SELECT in a transaction lasts",
    says: "MULTI ; SELECT 3 ; SET a 1 ; EXEC | GET a | SELECT 0 | GET a",
  },
  {
    about: "SELECT that is refused in a transaction changes nothing",
    says: "MULTI ; SELECT 16 ; SET a 1 ; EXEC | GET a",
  },
  {
    about: "HELLO in a transaction changes the replies behind it",
    says: "MULTI ; GET a ; HELLO 3 ; GET a ; EXEC | GET a | HELLO 2",
  },
  {
    about: "RESET leaves the transaction, RESP3 and the database",
    says: "HELLO 3 | SELECT 5 | MULTI ; SET a 1 | RESET | GET a | EXEC",
  },
  {
    about: "a null in RESP3",
    says: "HELLO 3 | GET a | MGET a b | SET a 1 XX | SET a 1 GET | LCS a b IDX | GETDEL b | RANDOMKEY | OBJECT ENCODING b",
  },
  { about: "a refused EXEC in RESP3", says: "HELLO 3 | WATCH a | @1 SET a 1 | MULTI ; EXEC" },
  { about: "CLIENT REPLY SKIP is for one command", says: "CLIENT REPLY SKIP ; SET a 1 ; GET a ; GET b" },
  { about: "CLIENT REPLY SKIP twice", says: "CLIENT REPLY SKIP ; CLIENT REPLY SKIP ; SET a 1 ; GET a" },
  {
    about: "CLIENT REPLY OFF silences errors too",
    says: "CLIENT REPLY OFF ; SET a 1 ; NONSENSE ; GET ; CLIENT REPLY ON ; GET a",
  },
  {
    about: "CLIENT REPLY SKIP under OFF is nothing",
    says: "CLIENT REPLY OFF ; CLIENT REPLY SKIP ; CLIENT REPLY ON ; PING",
  },
  {
    about: "CLIENT REPLY OFF silences a whole transaction",
    says: "CLIENT REPLY OFF ; MULTI ; SET a 1 ; EXEC ; CLIENT REPLY ON ; GET a",
  },
  { about: "RESET ends CLIENT REPLY OFF with an answer", says: "CLIENT REPLY OFF ; PING ; RESET ; PING" },
  {
    about: "COPY onto itself",
    says: "SET a 1 | COPY a a | COPY a a DB 0 | COPY a a DB 1 | COPY a a DB 1 | COPY a a DB 1 REPLACE | COPY x a",
  },
  {
    about: "COPY takes the deadline along",
    says: "SET a 1 PXAT 4102444800123 | COPY a b | PEXPIRETIME b | COPY a b | PERSIST a | COPY a b REPLACE | PEXPIRETIME b",
  },
  {
    about: "MOVE and its refusals",
    says: "SET a 1 PXAT 4102444800123 | MOVE a 0 | MOVE a 16 | MOVE a x | MOVE a 1 | MOVE a 1 | SELECT 1 | PEXPIRETIME a | MOVE a 1",
  },
  {
    about: "RENAME to itself and from nothing",
    says: "RENAME a b | SET a 1 EX 50000 | RENAME a a | RENAMENX a a | RENAMENX x x | SET b 2 | RENAMENX a b | RENAME a b | TTL b",
  },
  {
    about: "SWAPDB and its refusals",
    says: "SET a 1 | SWAPDB 0 1 | GET a | SELECT 1 | GET a | SWAPDB 0 16 | SWAPDB x 1 | SWAPDB 1 x | SWAPDB 2 2",
  },
  {
    about: "GET returns the old value, whatever becomes of the new one",
    says: "SET a 1 GET | SET a 2 NX GET | SET a 3 XX GET | GET a | SET b 1 XX GET | SET a 9 GET EX 0",
  },
  {
    about: "SET's options that cannot stand together",
    says: "SET a 1 NX XX | SET a 1 EX 50000 KEEPTTL | SET a 1 EX 50000 PX 60000000 | SET a 1 EX | SET a 1 NX NX | SET a 1 KEEPTTL KEEPTTL | SET a 1 EX 50000 EX 60000",
  },
  {
    about: "a deadline that has passed already",
    says: "SET a 1 EXAT 1 | GET a | SET a 1 | GETEX a PXAT 1 | GET a | SET a 1 | EXPIREAT a 1 | GET a | SET a 1 | EXPIRE a -1 | EXISTS a",
  },
  {
    about: "deadlines that are no times",
    says: "SET a 1 EX 0 | SET a 1 PX -1 | SETEX a 0 v | PSETEX a -5 v | GETEX a EX 0 | SET a 1 | GETEX a EX 0 | SET a 1 EX 9223372036854775807 | EXPIRE a 9223372036854775807 | PEXPIRE a 9223372036854775807 | EXPIRE a -9223372036854775808",
  },
  {
    about: "GT and LT of EXPIRE and no deadline",
    says: "SET a 1 | EXPIRE a 50000 GT | EXPIRE a 50000 XX | EXPIRE a 50000 LT | EXPIRE a 40000 GT | EXPIRE a 60000 LT | EXPIRE a 60000 GT XX | EXPIRE a 70000 NX | EXPIRE a 70000 GT LT | EXPIRE a 70000 NX GT",
  },
  {
    about: "TTL rounds to the nearest second",
    says: "SET a 1 PXAT 4102444800499 | EXPIRETIME a | SET a 1 PXAT 4102444800500 | EXPIRETIME a | SET a 1 EXAT 4102444800 | PEXPIRETIME a",
  },
  {
    about: "counters at the ends of 64 bits",
    says: "SET a 9223372036854775807 | INCR a | DECRBY a -1 | DECRBY a -9223372036854775808 | SET a -9223372036854775808 | DECR a | INCRBY a -1 | INCRBY a 1",
  },
  {
    about: "texts that are almost whole numbers",
    says: 'SET a " 1" | INCR a | SET a "1 " | INCR a | SET a 007 | INCR a | SET a -0 | INCR a | SET a +1 | INCR a | SET a "" | INCR a | OBJECT ENCODING a',
  },
  {
    about: "INCRBYFLOAT in long doubles",
    says: "INCRBYFLOAT a 0.1 | INCRBYFLOAT a 0.2 | INCRBYFLOAT a 3.0e3 | INCRBYFLOAT a -5.0e-3 | SET b 1e17 | INCRBYFLOAT b 0.001 | SET c 3.14159265358979323846 | INCRBYFLOAT c 1 | INCRBYFLOAT c 0x10",
  },
  {
    about: "INCRBYFLOAT at the ends",
    says: 'INCRBYFLOAT a inf | INCRBYFLOAT a nan | INCRBYFLOAT a 1e4932 | INCRBYFLOAT a 1e4932 | INCRBYFLOAT a " 1" | INCRBYFLOAT a "" | SET b 1e5000 | INCRBYFLOAT b 1 | INCRBYFLOAT c -0',
  },
  {
    about: "INCRBYFLOAT keeps the deadline",
    says: "SET a 1 PXAT 4102444800123 | INCRBYFLOAT a 1.5 | PEXPIRETIME a",
  },
  {
    about: "ranges from both ends",
    says: 'SET a "Hello World" | GETRANGE a -5 -1 | GETRANGE a 5 3 | GETRANGE a -100 100 | GETRANGE a 100 200 | GETRANGE a -1 -100 | SUBSTR a 0 -9223372036854775808 | GETRANGE x 0 -1 | GETRANGE a x 1',
  },
  {
    about: "SETRANGE fills with zero bytes",
    says: 'SETRANGE a 5 x | GET a | SETRANGE b 5 "" | EXISTS b | SETRANGE a 0 "" | SETRANGE a -1 x | SETRANGE a 536870912 x | OBJECT ENCODING a',
  },
  {
    about: "encodings",
    says: `SET a 1 | OBJECT ENCODING a | APPEND a 2 | OBJECT ENCODING a | SET a ${"x".repeat(44)} | OBJECT ENCODING a | SET a ${"x".repeat(45)} | OBJECT ENCODING a | SET a 99999999999999999999 | OBJECT ENCODING a | COPY a b | OBJECT ENCODING b`,
  },
  {
    about: "an encoding after SETRANGE and a copy of it",
    says: "SET a 12345 | SETRANGE a 0 9 | OBJECT ENCODING a | COPY a b | OBJECT ENCODING b | INCR a | OBJECT ENCODING a | APPEND c 12 | OBJECT ENCODING c",
  },
  {
    about: "LCS with all its options",
    says: "MSET a ohmytext b mynewtext | LCS a b | LCS a b LEN | LCS a b IDX | LCS a b IDX MINMATCHLEN 4 | LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN | LCS a b IDX LEN | LCS a x | LCS x y IDX | LCS a b MINMATCHLEN | LCS a b MINMATCHLEN -5 IDX WITHMATCHLEN",
  },
  {
    about: "LCS in RESP3",
    says: "HELLO 3 | MSET a ohmytext b mynewtext | LCS a b IDX | LCS a b IDX WITHMATCHLEN | LCS x y IDX",
  },
  {
    about: "patterns",
    says: 'MSET a 1 b 2 abc 3 "a*" 4 "[a]" 5 "a\\\\b" 6 | KEYS * | KEYS a* | KEYS [ab] | KEYS [^a]* | KEYS [b-a] | KEYS "a\\\\*" | KEYS "\\\\[a\\\\]" | KEYS "[a" | KEYS "a\\\\\\\\b" | KEYS "" | KEYS "?"',
  },
  {
    about: "SCAN's options",
    says: "SET a 1 | SCAN 0 COUNT 1000 | SCAN 0 MATCH a* COUNT 1000 | SCAN 0 TYPE string COUNT 1000 | SCAN 0 TYPE list COUNT 1000 | SCAN 0 COUNT 0 | SCAN 0 COUNT -1 | SCAN 0 COUNT x | SCAN x | SCAN 0 FOO | SCAN 0 MATCH | SCAN 18446744073709551616",
  },
  {
    about: "SELECT and its refusals",
    says: 'SELECT 15 | SELECT 16 | SELECT -1 | SELECT x | SELECT "" | SELECT 1.5 | SELECT 99999999999999999999',
  },
  {
    about: "binary keys and values",
    says: 'SET "\\x00\\r\\n\\xff" "\\x00\\x01\\r\\n" | GET "\\x00\\r\\n\\xff" | STRLEN "\\x00\\r\\n\\xff" | KEYS * | SET "" "" | GET "" | EXISTS "" | APPEND "" "" | STRLEN ""',
  },
  {
    about: "MSETNX sets all or none",
    says: "SET a 1 | MSETNX b 2 a 3 | GET b | MSETNX c 1 c 2 | GET c | MSET a 1 b | MSETNX a 1 b | MSET",
  },
  {
    about: "MSET takes deadlines away",
    says: "SET a 1 EX 50000 | MSET a 2 | TTL a | SET a 1 EX 50000 | GETSET a 2 | TTL a | SET a 1 EX 50000 | APPEND a 2 | PERSIST a",
  },
  {
    about: "DEL counts, EXISTS counts twice",
    says: "MSET a 1 b 2 | EXISTS a a b x | DEL a a x | UNLINK b b | TOUCH a b",
  },
  {
    about: "a key that expires is gone for every command",
    says: "MSET a 1 b 2 ; PEXPIRE a 30 ; gone a | GET a | TTL a | EXISTS a | SETNX a 1 | TTL a",
  },
  {
    about: "an expired key does not keep RENAMENX, COPY and MOVE away",
    says: "SET b 1 PX 30 ; gone b | SET a 1 | COPY a b | DEL b | SET b 1 PX 30 ; gone b | RENAMENX a b",
  },
  {
    about: "KEEPTTL of an expired key keeps nothing",
    says: "SET a 1 PX 30 ; gone a | SET a 2 KEEPTTL | TTL a | INCR a",
  },
  {
    about: "NOPROTO and the other refusals of HELLO",
    says: 'HELLO 1 | HELLO 4 | HELLO x | HELLO 3 FOO | HELLO 3 SETNAME | HELLO 3 AUTH default | HELLO 3 SETNAME "a b" | PING | HELLO 3 AUTH nobody x | HELLO 2 SETNAME me | CLIENT GETNAME',
  },
  {
    about: "client names",
    says: 'CLIENT SETNAME me | CLIENT GETNAME | CLIENT SETNAME "" | CLIENT GETNAME | CLIENT SETNAME "a b" | CLIENT SETNAME "\\xff"',
  },
  { about: "AUTH where no password is set", says: "AUTH x | AUTH default x | AUTH nobody x | AUTH a b c" },
  {
    about: "arity of every family",
    says: "OBJECT | OBJECT ENCODING | CLIENT | CLIENT SETNAME | CONFIG | CONFIG GET | COMMAND GETKEYS | SLOWLOG | LATENCY | MEMORY | MEMORY USAGE | DEBUG | PING a b | QUIT",
  },
  { about: "QUIT with arguments", says: "QUIT a b | PING" },
  {
    about: "COMMAND GETKEYS",
    says: "COMMAND GETKEYS MSET a 1 b 2 | COMMAND GETKEYS GET | COMMAND GETKEYS NONSENSE a | COMMAND GETKEYS PING | COMMAND GETKEYSANDFLAGS SET a 1 GET | COMMAND GETKEYS OBJECT ENCODING a | COMMAND GETKEYS LCS a b LEN",
  },
  {
    about: "MEMORY USAGE of nothing, and its option",
    says: "MEMORY USAGE a | SET a 1 | MEMORY USAGE a SAMPLES x | MEMORY USAGE a SAMPLES -1 | MEMORY USAGE a FOO",
  },
  {
    about: "CLIENT KILL without a match",
    says: "CLIENT KILL 1.2.3.4:5 | CLIENT KILL ID 0 | CLIENT KILL ID x | CLIENT KILL ID 999999999 SKIPME no | CLIENT KILL TYPE x | CLIENT KILL SKIPME maybe ID 999999999 | CLIENT KILL USER nobody | CLIENT KILL ID",
  },
  {
    about: "CLIENT UNBLOCK without anybody blocked",
    says: "CLIENT UNBLOCK 999999999 | CLIENT UNBLOCK 999999999 TIMEOUT | CLIENT UNBLOCK 999999999 FOO | CLIENT UNBLOCK x",
  },
  { about: "SHUTDOWN that is refused", says: "SHUTDOWN FOO | SHUTDOWN SAVE NOSAVE | SHUTDOWN ABORT | PING" },
  { about: "WAIT without replicas", says: "WAIT 0 0 | WAIT 1 1 | WAIT x 1 | WAIT 1 x | WAIT 1 -1" },
  {
    about: "an announcement that is no number closes",
    says: 'raw "*x\\r\\n" | PING | raw "*1\\r\\n$x\\r\\n" | PING',
  },
  {
    about: "a negative bulk length closes",
    says: 'raw "*1\\r\\n$-2\\r\\n" | PING | raw "*1\\r\\n$-1\\r\\n"',
  },
  {
    about: "lengths beyond all measure close",
    says: 'raw "*1\\r\\n$1000000000000\\r\\n" | PING | raw "*99999999999\\r\\n"',
  },
  {
    about: "something else where a bulk should be closes",
    says: 'raw "*1\\r\\n:1\\r\\n" | PING | raw "*2\\r\\n$4\\r\\nPING\\r\\n+x\\r\\n"',
  },
  {
    about: "empty and negative arrays are passed over",
    says: 'raw "*0\\r\\n" | raw "*-1\\r\\n" | raw "*-100\\r\\n" | raw "\\r\\n\\r\\n" | PING',
  },
  {
    about: "quotes in a line that do not end close",
    says: 'raw "GET \\"a\\r\\n" | PING | raw "GET \'a\'b\\r\\n" | PING',
  },
  {
    about: "quotes in a line",
    says: 'raw "ECHO \\"\\\\x41\\\\n\\\\q\\" \\r\\n" | raw "ECHO \'a\\\\\'b\'\\r\\n" | raw "  PING  \\r\\n" | raw "ECHO \\"\\"\\n"',
  },
  {
    about: "an HTTP request over RESP closes without a word",
    says: 'raw "POST / HTTP/1.1\\r\\n" | PING | raw "Host: localhost\\r\\n" | PING',
  },
  {
    about: "INCRBYFLOAT by what is no number is not told to take long",
    says: "MULTI | INCRBYFLOAT ba nan | LCS ba ba | EXEC",
  },
  {
    about: "LCS in a transaction",
    says: "MULTI | MSET a ohmytext b mynewtext | LCS a b | LCS a b IDX MINMATCHLEN 2 | LCS a none LEN | EXEC",
  },
];
