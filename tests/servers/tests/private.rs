//! Private servers: they answer, keep what they should, and are gone when they should be.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use idem_test_servers::{MySql, Nats, Postgres, RabbitMq, Redis, Server};

/// One command to a Redis server; the first line of its answer.
fn redis(server: &Server, command: &str) -> String {
    let stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    (&stream).write_all(format!("{command}\r\n").as_bytes()).unwrap();
    let mut line = String::new();
    let _ = BufReader::new(stream).read_line(&mut line);
    line.trim_end().to_owned()
}

/// A statement through the server's own client, which comes with it.
fn sql(server: &Server, statement: &str) -> String {
    let port = server.port().to_string();
    let mut client = if server.url().starts_with("postgres") {
        let mut client = Command::new("psql");
        client.args(["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-qAtX", "-c", statement]);
        client
    } else {
        let mut client = Command::new("mariadb");
        client.args(["--no-defaults", "-h", "127.0.0.1", "-P", &port, "-u", "root", "-N", "mysql", "-e", statement]);
        client
    };
    let output = client.output().unwrap();
    assert!(output.status.success(), "{client:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    matches!(stream.read(&mut [0; 8]), Ok(1..))
}

fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(20), "waited in vain: {what}");
        sleep(Duration::from_millis(10)); // tidy: allow sleep: other processes are looked at again and again
    }
}

/// A dead one that nobody has waited for runs no more.
fn runs(process: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn process_exists(process: u32) -> bool {
    Path::new(&format!("/proc/{process}")).exists()
}

/// The folder of its own in which a server of this process works.
fn folder_of(process: u32) -> PathBuf {
    let works_in = std::fs::read_link(format!("/proc/{process}/cwd")).unwrap();
    let own = |folder: &&Path| folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("idem-"));
    works_in.ancestors().find(own).unwrap().to_owned()
}

#[test]
fn redis_forgets_at_a_crash_unless_it_is_told_to_write() {
    let (forgets, keeps) = (Redis::start(&[]), Redis::start(&["--appendonly", "yes", "--appendfsync", "always"]));
    assert_ne!(forgets.port(), keeps.port(), "two at once");
    for (server, after) in [(&forgets, "$-1"), (&keeps, "$1")] {
        assert_eq!(redis(server, "SET a 1"), "+OK");
        let before = server.pid();
        server.kill();
        assert!(TcpStream::connect(("127.0.0.1", server.port())).is_err());
        server.start_again();
        assert_ne!(server.pid(), before);
        assert_eq!(redis(server, "GET a"), after);
    }
}

#[test]
fn postgres_keeps_what_it_committed_at_a_crash() {
    let server = Postgres::start(&[("max_connections", "17")]);
    assert_eq!(sql(&server, "SHOW max_connections"), "17");
    sql(&server, "CREATE TABLE a (a int)");
    sql(&server, "INSERT INTO a VALUES (1)");
    server.kill();
    server.start_again();
    assert_eq!(sql(&server, "SELECT a FROM a"), "1");
    assert!(server.log().contains("was not properly shut down"), "{}", server.log());
    server.stop();
    server.start_again();
    assert_eq!(sql(&server, "SELECT a FROM a"), "1");
}

#[test]
fn mysql_keeps_what_it_committed_at_a_crash() {
    let server = MySql::start(&["--max-connections=17"]);
    assert_eq!(sql(&server, "SELECT @@max_connections"), "17");
    sql(&server, "CREATE TABLE a (a int) ENGINE=InnoDB");
    sql(&server, "INSERT INTO a VALUES (1)");
    server.kill();
    server.start_again();
    assert_eq!(sql(&server, "SELECT a FROM a"), "1");
    server.stop();
    server.start_again();
    assert_eq!(sql(&server, "SELECT a FROM a"), "1");
}

/// A server that starts removes what others have left in the folder of temporary tables, also what they still use.
#[test]
fn a_mysql_has_a_folder_of_its_own_for_temporary_tables() {
    let (one, other) = (MySql::start(&[]), MySql::start(&[]));
    let folders = [&one, &other].map(|server| sql(server, "SELECT @@tmpdir"));
    assert_ne!(folders[0], folders[1]);
}

/// A request to a NATS server and the answer's payload, by hand: neither needs a client then.
fn nats(server: &Server, subject: &str, payload: &str) -> String {
    let stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let length = payload.len();
    write!(&stream, "CONNECT {{}}\r\nSUB answer 1\r\nPUB {subject} answer {length}\r\n{payload}\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    lines.find(|line| line.starts_with("MSG answer")).unwrap();
    lines.next().unwrap()
}

#[test]
fn nats_keeps_what_it_confirmed_at_a_crash() {
    let server = Nats::start();
    let made = nats(&server, "$JS.API.STREAM.CREATE.a", r#"{"name":"a","subjects":["a"]}"#);
    assert!(made.contains("did_create"), "{made}");
    assert!(nats(&server, "a", "x").contains(r#""seq":1"#));
    server.kill();
    assert!(TcpStream::connect(("127.0.0.1", server.port())).is_err());
    server.start_again();
    assert!(nats(&server, "a", "x").contains(r#""seq":2"#));
}

#[test]
fn rabbitmq_starts_again_after_a_crash_and_leaves_nothing() {
    let server = RabbitMq::start();
    let helpers = |server: &Server| {
        let of = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", server.pid())).unwrap();
        of.split_whitespace().map(|process| process.parse().unwrap()).collect::<Vec<u32>>()
    };
    let mut processes = helpers(&server);
    assert!(!processes.is_empty());
    server.kill();
    assert!(!processes.iter().any(|process| runs(*process)), "{processes:?}");
    server.start_again();
    processes = helpers(&server);
    let environment = std::fs::read_to_string(format!("/proc/{}/environ", server.pid())).unwrap();
    let home = environment.split('\0').find_map(|variable| variable.strip_prefix("HOME=")).unwrap();
    let folder = PathBuf::from(home);
    assert!(folder.exists());
    drop(server);
    eventually("what the server has started ends, too", || !processes.iter().any(|process| runs(*process)));
    assert!(!folder.exists());
}

#[test]
fn a_paused_server_takes_connections_and_says_nothing() {
    let server = Redis::start(&[]);
    server.pause();
    assert!(TcpStream::connect(("127.0.0.1", server.port())).is_ok());
    assert!(!answers(server.port()));
    server.resume();
    assert!(answers(server.port()));
    let server = Postgres::start(&[]);
    let mut session = Command::new("psql")
        .args(["-h", "127.0.0.1", "-p", &server.port().to_string(), "-U", "postgres", "-qAtX"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = session.stdin.take().unwrap();
    let mut output = BufReader::new(session.stdout.take().unwrap()).lines();
    writeln!(input, "SELECT 1;").unwrap();
    assert_eq!(output.next().unwrap().unwrap(), "1");
    server.pause();
    // The session's own process is paused as well.
    writeln!(input, "SELECT 2;").unwrap();
    let (send, receive) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || send.send(output.next().unwrap().unwrap()));
    assert!(receive.recv_timeout(Duration::from_millis(200)).is_err());
    server.resume();
    assert_eq!(receive.recv_timeout(Duration::from_secs(10)).unwrap(), "2");
    reader.join().unwrap().unwrap();
    drop(input);
    session.wait().unwrap();
}

#[test]
fn a_dropped_server_leaves_neither_process_nor_folder() {
    let check = |server: &Server| {
        let (process, folder) = (server.pid(), folder_of(server.pid()));
        assert!(folder.exists());
        (process, folder)
    };
    let redis = Redis::start(&[]);
    let postgres = Postgres::start(&[]);
    let mysql = MySql::start(&[]);
    // Also one that was killed, and one that is paused.
    let mut left = vec![check(&redis), check(&postgres), check(&mysql)];
    redis.kill();
    left.push((postgres.pid(), folder_of(postgres.pid())));
    postgres.pause();
    drop((redis, postgres, mysql));
    for (process, folder) in left {
        assert!(!process_exists(process) && !folder.exists(), "{process} {}", folder.display());
    }
}

#[test]
fn servers_die_with_a_process_that_is_killed() {
    let mut holder = Command::new(env!("CARGO_BIN_EXE_idem-test-servers"));
    let mut holder = holder.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(holder.stdout.take().unwrap()).lines().map(Result::unwrap);
    let lines: Vec<String> = lines.take_while(|line| !line.starts_with("Until")).collect();
    let processes: Vec<u32> = lines.iter().map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect();
    assert_eq!(processes.len(), 3, "{lines:?}");
    let folders: Vec<PathBuf> = processes.iter().map(|process| folder_of(*process)).collect();
    holder.kill().unwrap();
    holder.wait().unwrap();
    eventually("the servers end and their folders go", || {
        !processes.iter().any(|process| process_exists(*process)) && !folders.iter().any(|folder| folder.exists())
    });
}

#[test]
fn a_server_that_does_not_start_shows_its_log() {
    let refused = std::panic::catch_unwind(|| Redis::start(&["--no-such-setting", "1"])).unwrap_err();
    let message = refused.downcast_ref::<String>().unwrap();
    assert!(message.contains("Redis ended when it was started at port"), "{message}");
    assert!(message.contains("no-such-setting"), "{message}");
}

#[test]
fn who_gives_way_does_so_with_all_that_it_starts() {
    let niceness = || {
        let output = Command::new("nice").output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse::<i32>().unwrap()
    };
    let before = niceness();
    idem_test_servers::give_way();
    assert_eq!(niceness(), before.max(10));
}
