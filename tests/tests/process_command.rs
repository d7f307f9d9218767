//! Other programs: started, talked to, waited for.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::pin::Pin;
use std::process::Stdio;
use std::task::Poll;

use mainspring::future::try_gather;
use mainspring::io::AsyncBufReadExt;
use mainspring::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, ReadBuf};
use mainspring::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use mainspring::time::sleep;
use mainspring_tests::by_hand::Bell;
use mainspring_tests::patient::HOUR;
use mainspring_tests::watchdog::watch;

fn shell(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(line);
    command
}

/// One that runs until its standard input ends.
fn cat() -> Child {
    let mut command = Command::new("cat");
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    piped.spawn().unwrap()
}

#[mainspring::test]
async fn the_status_says_how_a_program_ended() {
    let _watch = watch();
    assert!(Command::new("true").status().await.unwrap().success());
    let status = shell("exit 7").status().await.unwrap();
    assert_eq!(status.code(), Some(7));
    let status = shell("kill -TERM $$").status().await.unwrap();
    assert_eq!(status.signal(), Some(15));
}

#[mainspring::test]
async fn the_output_is_read_from_both_pipes_to_the_end_whatever_their_order() {
    let _watch = watch();
    // More than a pipe holds, in each.
    let fill = |to: &str| format!("head -c 1048576 /dev/zero | tr '\\0' x {to};");
    let (out, err) = (fill(""), fill(">&2"));
    for line in [format!("{out}{err}"), format!("{err}{out}")] {
        let output = shell(&line).output().await.unwrap();
        assert!(output.status.success());
        for bytes in [&output.stdout, &output.stderr] {
            assert_eq!(bytes.len(), 1 << 20);
            assert!(bytes.iter().all(|&byte| byte == b'x'));
        }
    }
}

#[mainspring::test]
async fn a_program_that_only_writes_to_closed_pipes_has_its_status_told() {
    let _watch = watch();
    let mut command = shell("head -c 1048576 /dev/zero; exit 3");
    let status = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .status();
    assert_eq!(status.await.unwrap().code(), Some(3));
}

#[mainspring::test]
async fn a_mebibyte_goes_through_cat_and_back() {
    let _watch = watch();
    let mut child = cat();
    let mut stdin = child.stdin.take().unwrap();
    let sent: Vec<u8> = (0..1 << 20).map(|at: u32| (at % 251) as u8).collect();
    let write = mainspring::spawn({
        let sent = sent.clone();
        async move { stdin.write_all(&sent).await }
    });
    let output = child.wait_with_output().await.unwrap();
    write.await.unwrap().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout, sent);
}

#[mainspring::test]
async fn a_wait_closes_the_standard_input_first() {
    let _watch = watch();
    let mut child = cat();
    assert!(child.wait().await.unwrap().success());
    assert!(child.stdin.is_none());
    // And a look does not.
    let mut child = cat();
    assert_eq!(child.try_wait().unwrap(), None);
    assert!(child.stdin.is_some());
    child.kill().await.unwrap();
}

#[mainspring::test]
async fn gh_87744_the_status_stays_and_the_number_goes() {
    let _watch = watch();
    let mut child = cat();
    let pid = child.id().unwrap();
    assert_ne!(pid, std::process::id());
    assert_eq!(child.id(), Some(pid));
    let status = child.wait().await.unwrap();
    assert_eq!(child.id(), None);
    assert_eq!(child.wait().await.unwrap(), status);
    assert_eq!(child.try_wait().unwrap(), Some(status));
    // Nobody is struck in its place.
    child.start_kill().unwrap();
    child.kill().await.unwrap();
}

#[mainspring::test]
async fn who_is_killed_says_so() {
    let _watch = watch();
    let mut child = Command::new("sleep").arg("3600").spawn().unwrap();
    child.kill().await.unwrap();
    assert_eq!(child.wait().await.unwrap().signal(), Some(9));
    let mut child = Command::new("sleep").arg("3600").spawn().unwrap();
    child.start_kill().unwrap();
    assert_eq!(child.wait().await.unwrap().signal(), Some(9));
}

#[mainspring::test]
async fn a_look_finds_the_end_when_it_has_come() {
    let _watch = watch();
    let mut child = Command::new("true").spawn().unwrap();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        mainspring::yield_now().await;
    };
    assert!(status.success());
}

#[mainspring::test]
async fn a_wait_that_is_given_up_loses_nothing() {
    let _watch = watch();
    let mut child = cat();
    let mut stdin = child.stdin.take().unwrap();
    // Before the first poll.
    drop(child.wait());
    // While it waits.
    let bell = Bell::new();
    let waits = bell.poll(&mut Box::pin(child.wait())).is_pending();
    assert!(waits);
    // After it was called.
    {
        let mut wait = Box::pin(child.wait());
        assert!(bell.poll(&mut wait).is_pending());
        stdin.shutdown().await.unwrap();
        drop(stdin);
        let before = bell.rings();
        while bell.rings() == before {
            mainspring::yield_now().await;
        }
    }
    assert!(child.wait().await.unwrap().success());
}

#[mainspring::test]
async fn lines_come_while_the_program_still_runs() {
    let _watch = watch();
    let mut command = shell("echo ready; read line; echo \"$line\"; read line; exit 4");
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "ready");
    stdin.write_all(b"tick\n").await.unwrap();
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "tick");
    // It waits for us, so there is nothing.
    let mut rest = lines.into_inner();
    poll_fn(|cx| {
        let mut memory = [0; 1];
        let mut buf = ReadBuf::new(&mut memory);
        assert!(Pin::new(&mut rest).poll_read(cx, &mut buf).is_pending());
        Poll::Ready(())
    })
    .await;
    stdin.write_all(b"\n").await.unwrap();
    assert_eq!(rest.read(&mut [0; 8]).await.unwrap(), 0);
    assert_eq!(child.wait().await.unwrap().code(), Some(4));
}

#[mainspring::test]
async fn the_end_of_a_reader_is_an_error_of_the_writer() {
    let _watch = watch();
    let mut command = shell("exec <&-; echo closed; read line <&2");
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = piped.kill_on_drop(true).spawn().unwrap();
    let mut said = [0; 7];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut said).await.unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let error = stdin.write_all(b"tick").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

#[mainspring::test]
async fn one_programs_output_is_anothers_input() {
    let _watch = watch();
    let mut first = shell("echo tick; echo tock; echo err >&2");
    let piped = first.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut first = piped.spawn().unwrap();
    let stdout: Stdio = first.stdout.take().unwrap().try_into().unwrap();
    let stderr: Stdio = first.stderr.take().unwrap().try_into().unwrap();
    let lines = Command::new("wc").arg("-l").stdin(stdout).output();
    let errors = Command::new("cat").stdin(stderr).output();
    let outputs = try_gather([
        Box::pin(lines) as Pin<Box<dyn Future<Output = _>>>,
        Box::pin(errors),
    ]);
    let outputs = outputs.await.unwrap();
    assert_eq!(outputs[0].stdout.trim_ascii(), b"2");
    assert_eq!(outputs[1].stdout, b"err\n");
    assert!(first.wait().await.unwrap().success());
}

#[mainspring::test]
async fn a_pipe_that_is_given_up_blocks_again() {
    let _watch = watch();
    let mut child = cat();
    let stdin = child.stdin.take().unwrap();
    let flags = |file: &dyn AsFd| rustix::fs::fcntl_getfl(file.as_fd()).unwrap();
    assert!(flags(&stdin).contains(rustix::fs::OFlags::NONBLOCK));
    let file = stdin.into_owned_fd().unwrap();
    assert!(!flags(&file).contains(rustix::fs::OFlags::NONBLOCK));
    drop(file);
    let stdout = child.stdout.take().unwrap().into_owned_fd().unwrap();
    assert!(!flags(&stdout).contains(rustix::fs::OFlags::NONBLOCK));
    assert!(child.wait().await.unwrap().success());
}

#[mainspring::test]
async fn everything_that_can_be_set_reaches_the_program() {
    let _watch = watch();
    let mut command = Command::new("sh");
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs([("ONE", "1"), ("TWO", "2")])
        .env_remove("TWO")
        .arg0("by-another-name")
        .args([
            "-c",
            "echo $0 $1 $ONE $TWO; pwd; ps -o pgid= -p $$ | tr -d ' '; echo $$",
        ])
        .args(["zero", "first"])
        .current_dir("/")
        .process_group(0)
        .uid(rustix::process::getuid().as_raw())
        .gid(rustix::process::getgid().as_raw());
    let output = command.output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["zero first 1", "/"]);
    let leads_its_group = lines.len() == 3 || lines[2] == lines[3];
    assert!(leads_its_group, "{lines:?}");
    assert_eq!(command.as_std().get_program(), "sh");
    command.as_std_mut().arg("more");
    let std = command.into_std();
    assert_eq!(std.get_args().last().unwrap(), "more");
    let mut again = Command::from(std);
    assert!(!again.get_kill_on_drop());
    assert!(again.kill_on_drop(true).get_kill_on_drop());
}

#[mainspring::test]
async fn somebody_else_may_start_it() {
    let _watch = watch();
    let mut command = Command::new("true");
    let mut child = command.spawn_with(|std| std.arg("unused").spawn()).unwrap();
    assert!(child.wait().await.unwrap().success());
    let refused = command.spawn_with(|_| Err(ErrorKind::Unsupported.into()));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[mainspring::test]
async fn pipes_of_stds_are_taken_over() {
    let _watch = watch();
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "cat; echo err >&2"]);
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = piped.stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = ChildStdin::from_std(process.stdin.take().unwrap()).unwrap();
    let mut stdout = ChildStdout::from_std(process.stdout.take().unwrap()).unwrap();
    let mut stderr = ChildStderr::from_std(process.stderr.take().unwrap()).unwrap();
    stdin.write_all(b"tick").await.unwrap();
    drop(stdin);
    let [mut out, mut err] = [String::new(), String::new()];
    stdout.read_to_string(&mut out).await.unwrap();
    stderr.read_to_string(&mut err).await.unwrap();
    assert_eq!((out.as_str(), err.as_str()), ("tick", "err\n"));
    process.wait().unwrap();
}

#[mainspring::test]
async fn a_hundred_programs_run_side_by_side() {
    let _watch = watch();
    let all = (0..100).map(|code| shell(&format!("exit {code}")).status());
    let ended = try_gather(all).await.unwrap();
    for (code, status) in ended.into_iter().enumerate() {
        assert_eq!(status.code(), Some(i32::try_from(code).unwrap()));
    }
}

#[mainspring::test]
async fn libuv_4980_what_cannot_be_started_is_an_error_however_often() {
    let _watch = watch();
    for _ in 0..1000 {
        let mut command = Command::new("/there/is/no/such/program");
        let error = command.stdin(Stdio::piped()).output().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}

#[mainspring::test(start_paused = true)]
async fn the_paused_clock_stands_still_while_a_program_is_waited_for() {
    let _watch = watch();
    let before = mainspring::time::Instant::now();
    let clock = mainspring::task::spawn_local(sleep(HOUR));
    assert!(shell("sleep 0.05; exit 5").status().await.unwrap().code() == Some(5));
    let output = shell("sleep 0.05; echo done").output().await.unwrap();
    assert_eq!(output.stdout, b"done\n");
    assert_eq!(mainspring::time::Instant::now(), before);
    clock.await.unwrap();
    assert_eq!(before.elapsed(), HOUR);
}

#[test]
#[should_panic(expected = "`Command::spawn` was called outside a runtime")]
fn outside_of_a_runtime_nothing_is_started() {
    let _ = Command::new("true").spawn();
}
