//! The calls of `fs`: each does what std's does, as a job, and says what the system says.

use std::collections::BTreeSet;
use std::fs;
use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, SystemTime};

use mainspring::fs::*;
use mainspring::io::AsyncWriteExt;
use mainspring::pool::{ThreadPool, set_default_executor, spawn_blocking};
use mainspring::runtime::{Builder, LocalRuntime};
use mainspring::task::JoinHandle;
use mainspring::time::{sleep, timeout};
use mainspring_tests::by_hand::{Bell, poll_once};
use tempfile::{TempDir, tempdir};

/// Everything it does happens one after the other.
fn one_thread() -> LocalRuntime {
    let mut builder = Builder::new_current_thread();
    builder
        .max_blocking_threads(1)
        .build_local(Default::default())
        .unwrap()
}

/// A job that runs until it is let go, on the only thread.
async fn hold_the_thread() -> (JoinHandle<()>, Sender<()>) {
    let (let_go, go) = channel::<()>();
    let job = spawn_blocking(move || {
        let _ = go.recv();
    });
    (job, let_go)
}

fn entries(folder: &TempDir) -> BTreeSet<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[mainspring::test]
async fn what_is_written_is_read() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("tick");
    write(&path, "tick").await.unwrap();
    write(path.clone(), vec![b't'; 3]).await.unwrap();
    assert_eq!(read(&path).await.unwrap(), b"ttt");
    assert_eq!(read_to_string(&path).await.unwrap(), "ttt");
    assert_eq!(metadata(&path).await.unwrap().len(), 3);

    let other = folder.path().join("tock");
    rename(&path, &other).await.unwrap();
    assert!(!try_exists(&path).await.unwrap());
    assert!(try_exists(&other).await.unwrap());
    remove_file(&other).await.unwrap();
    assert_eq!(entries(&folder), BTreeSet::new());
}

#[mainspring::test]
async fn a_text_that_is_not_utf8_is_refused() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("bytes");
    write(&path, [0xff]).await.unwrap();
    let error = read_to_string(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
}

#[mainspring::test]
async fn an_error_is_the_systems() {
    let folder = tempdir().unwrap();
    let missing = folder.path().join("missing");
    let said = fs::read(&missing).unwrap_err().raw_os_error();
    assert!(said.is_some());
    let read = read(&missing).await.unwrap_err();
    assert_eq!(read.raw_os_error(), said);
    let opened = File::open(&missing).await.unwrap_err();
    assert_eq!(opened.raw_os_error(), said);
    let listed = read_dir(&missing).await.unwrap_err();
    assert_eq!(listed.raw_os_error(), said);
    let resolved = canonicalize(&missing).await.unwrap_err();
    assert_eq!(resolved.kind(), ErrorKind::NotFound);
}

#[mainspring::test]
async fn tokio_2354_a_copy_has_the_permissions_of_the_original() {
    let folder = tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    write(&from, "tick").await.unwrap();
    set_permissions(&from, fs::Permissions::from_mode(0o440))
        .await
        .unwrap();
    assert_eq!(copy(&from, &to).await.unwrap(), 4);
    assert_eq!(read(&to).await.unwrap(), b"tick");
    let mode = metadata(&to).await.unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o440);
}

#[mainspring::test]
async fn links_lead_to_the_file_and_say_so() {
    let folder = tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write(at("file"), "tick").await.unwrap();
    hard_link(at("file"), at("hard")).await.unwrap();
    symlink("file", at("soft")).await.unwrap();

    assert_eq!(metadata(at("hard")).await.unwrap().nlink(), 2);
    assert_eq!(read(at("soft")).await.unwrap(), b"tick");
    assert_eq!(read_link(at("soft")).await.unwrap().to_str(), Some("file"));
    assert!(symlink_metadata(at("soft")).await.unwrap().is_symlink());
    assert!(metadata(at("soft")).await.unwrap().is_file());
    let resolved = canonicalize(at("soft")).await.unwrap();
    assert_eq!(resolved, fs::canonicalize(at("file")).unwrap());
}

#[mainspring::test]
async fn folders_are_made_and_removed() {
    let folder = tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    create_dir(at("a")).await.unwrap();
    let again = create_dir(at("a")).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::AlreadyExists);
    create_dir_all(at("a/b/c")).await.unwrap();
    create_dir_all(at("a/b/c")).await.unwrap();
    let full = remove_dir(at("a")).await.unwrap_err();
    assert_eq!(full.kind(), ErrorKind::DirectoryNotEmpty);
    remove_dir(at("a/b/c")).await.unwrap();
    remove_dir_all(at("a")).await.unwrap();

    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    assert!(builder.create(at("d/e")).await.is_err());
    builder.recursive(true).create(at("d/e")).await.unwrap();
    let mode = metadata(at("d/e")).await.unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

/// More than one job reads, and one of them may be given up.
#[mainspring::test]
async fn each_entry_of_a_folder_is_read_once() {
    let folder = tempdir().unwrap();
    for number in 0..100 {
        fs::write(folder.path().join(number.to_string()), []).unwrap();
    }
    let mut listing = read_dir(folder.path()).await.unwrap();
    let mut names = Vec::new();
    loop {
        let bell = Bell::new();
        let ready = match bell.poll(&mut listing.next_entry()) {
            std::task::Poll::Ready(entry) => entry.unwrap(),
            std::task::Poll::Pending => poll_fn(|cx| listing.poll_next_entry(cx)).await.unwrap(),
        };
        let Some(entry) = ready else { break };
        assert!(entry.file_type().await.unwrap().is_file());
        assert_eq!(entry.metadata().await.unwrap().ino(), entry.ino());
        assert_eq!(entry.path(), folder.path().join(entry.file_name()));
        names.push(entry.file_name().into_string().unwrap());
    }
    assert_eq!(names.len(), 100);
    assert_eq!(names.into_iter().collect::<BTreeSet<_>>(), entries(&folder));
}

#[mainspring::test]
async fn tokio_5555_a_folder_that_was_read_to_its_end_stays_there() {
    let folder = tempdir().unwrap();
    let mut listing = read_dir(folder.path()).await.unwrap();
    for _ in 0..3 {
        assert!(listing.next_entry().await.unwrap().is_none());
    }
}

#[mainspring::test]
async fn a_call_that_is_never_polled_does_nothing() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("file");
    write(&path, "tick").await.unwrap();
    drop(remove_file(&path));
    spawn_blocking(|| ()).await.unwrap();
    assert!(try_exists(&path).await.unwrap());
}

#[test]
fn a_call_that_was_polled_goes_on_without_its_future() {
    one_thread().block_on(async {
        let folder = tempdir().unwrap();
        let path = folder.path().join("file");
        write(&path, "tick").await.unwrap();
        let (_held, let_go) = hold_the_thread().await;
        assert!(poll_once(remove_file(&path)).is_pending());
        assert!(fs::exists(&path).unwrap());
        drop(let_go);
        spawn_blocking(|| ()).await.unwrap();
        assert!(!fs::exists(&path).unwrap());
    });
}

/// The future outlives what it was given.
#[mainspring::test]
async fn a_call_borrows_nothing() {
    let folder = tempdir().unwrap();
    let call = {
        let path = folder.path().join("file");
        let contents = String::from("tick");
        write(&path, &contents)
    };
    mainspring::spawn(call).await.unwrap().unwrap();
    assert_eq!(read(folder.path().join("file")).await.unwrap(), b"tick");
}

#[mainspring::test(start_paused = true)]
async fn the_paused_clock_stands_still_for_a_call() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("file");
    for _ in 0..20 {
        let written = timeout(Duration::from_nanos(1), write(&path, "tick")).await;
        written.expect("the clock went on").unwrap();
    }
}

/// Whoever cannot have a thread yet waits, and nobody else does.
#[test]
fn f43_while_the_pool_is_full_a_call_waits_and_the_loop_goes_on() {
    one_thread().block_on(async {
        let folder = tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "tick").unwrap();
        let (_held, let_go) = hold_the_thread().await;

        let mut call = pin!(read(&path));
        let given_up = timeout(Duration::from_millis(1), call.as_mut()).await;
        assert!(given_up.is_err());
        sleep(Duration::from_millis(1)).await;
        drop(let_go);
        assert_eq!(call.await.unwrap(), b"tick");
    });
}

#[test]
fn a_call_in_a_runtime_that_has_ended_says_so() {
    let runtime = one_thread();
    let folder = tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "tick").unwrap();
    let mut call = pin!(read(&path));
    let (_held, let_go) = runtime.block_on(async {
        let held = hold_the_thread().await;
        poll_fn(|cx| {
            assert!(call.as_mut().poll(cx).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        held
    });
    runtime.shutdown_background();
    drop(let_go);
    let error = LocalRuntime::new().unwrap().block_on(call).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
    assert!(error.to_string().contains("cancelled"), "{error}");
}

#[test]
fn outside_of_a_runtime_a_call_panics_with_the_remedy() {
    let call = catch_unwind(AssertUnwindSafe(|| poll_once(read("file"))));
    let message = *call.unwrap_err().downcast::<String>().unwrap();
    assert!(
        message.contains("`fs`") && message.contains("`block_on`"),
        "{message}"
    );
}

#[mainspring::test]
async fn an_open_file_tells_and_changes_what_the_folder_knows() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("file");
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .await
        .unwrap();
    assert_eq!(file.metadata().await.unwrap().mode() & 0o777, 0o600);
    file.set_permissions(fs::Permissions::from_mode(0o640))
        .await
        .unwrap();
    assert_eq!(metadata(&path).await.unwrap().mode() & 0o777, 0o640);

    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400);
    file.set_modified(then).await.unwrap();
    assert_eq!(file.metadata().await.unwrap().modified().unwrap(), then);
    let times = FileTimes::new().set_accessed(then);
    file.set_times(times.set_modified(SystemTime::UNIX_EPOCH))
        .await
        .unwrap();
    let told = file.metadata().await.unwrap();
    assert_eq!(told.modified().unwrap(), SystemTime::UNIX_EPOCH);
    assert_eq!(told.accessed().unwrap(), then);
    file.sync_all().await.unwrap();
    file.sync_data().await.unwrap();
}

#[mainspring::test]
async fn a_file_is_opened_as_the_options_say() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("file");
    let opened = File::create_new(&path).await;
    assert!(opened.is_ok());
    let again = File::create_new(&path).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::AlreadyExists);
    let nothing = OpenOptions::default().open(&path).await.unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::InvalidInput);

    let mut std = fs::OpenOptions::new();
    std.read(true);
    let options = OpenOptions::from(std);
    assert!(options.clone().open(&path).await.is_ok());
    symlink(&path, folder.path().join("link")).await.unwrap();
    let no_follow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let mut options = options;
    let link = options
        .custom_flags(no_follow)
        .open(folder.path().join("link"));
    assert!(link.await.is_err());
}

#[mainspring::test(start_paused = true)]
async fn a_default_pool_in_virtual_time_does_the_calls_as_well() {
    set_default_executor(ThreadPool::simulated(2));
    let folder = tempdir().unwrap();
    let path = folder.path().join("file");
    let mut file = File::create(&path).await.unwrap();
    file.write_all(b"tick").await.unwrap();
    file.flush().await.unwrap();
    assert_eq!(read(&path).await.unwrap(), b"tick");
}
