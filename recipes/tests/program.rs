//! The `recipes` program as its user meets it: what it lists, finds and shows, and what it says
//! to mistakes.

mod support;

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use recipes::catalogue::RECIPES;
use support::{recipes, recipes_command};

#[test]
fn without_a_command_it_lists_number_name_and_question() {
    let said = recipes(&[]);
    assert_eq!(said.stdout.lines().count(), RECIPES.len());
    for (line, recipe) in said.stdout.lines().zip(RECIPES.iter()) {
        let mut words = line.split_whitespace();
        assert_eq!(words.next(), Some(recipe.number.to_string().as_str()));
        assert_eq!(words.next(), Some(recipe.name));
        assert!(line.ends_with(recipe.question), "{line}");
    }
    assert!(said.status.success());
}

#[test]
fn find_looks_a_recipe_up_by_the_words_of_a_question() {
    for (words, names) in [
        (&["control", "number", "executions"][..], &["semaphore"][..]),
        (&["control the number"], &["semaphore"]),
        (&["ITERATE"], &["iterator"]),
        (
            &["run_in_executor"],
            &["queue", "process", "default-executor"],
        ),
        (&["multi-process"], &["process-proof"]),
        (&["backpressure"], &["back-pressure"]),
        (&["stages"], &["pipeline"]),
        (&["per", "second"], &["rate-limit"]),
        (&["need", "lock"], &["sharing"]),
        (&["call_soon_threadsafe"], &["threads"]),
        (&["actor"], &["question"]),
        (&["publish", "subscribe"], &["publish"]),
        (&["structured"], &["cleanup"]),
        (&["newest"], &["latest"]),
        (&["set_default_executor"], &["default-executor"]),
        (&["urls", "zebra"], &["queue", "iterator"]),
        (&["time", "limit"], &["timeout"]),
        (&["backoff"], &["retry"]),
        (&["fastest"], &["race"]),
        (&["partial", "results"], &["deadline"]),
        (&["progress", "bar"], &["progress"]),
        (&["cron"], &["periodic"]),
        (&["graceful", "shutdown"], &["shutdown"]),
        (&["parallel", "order"], &["gather"]),
    ] {
        let said = recipes(&[&["find"], words].concat());
        let found: Vec<&str> = said
            .stdout
            .lines()
            .filter_map(|line| line.split_whitespace().nth(1))
            .collect();
        assert_eq!(found, names, "{words:?}");
    }
}

#[test]
fn find_says_when_nothing_is_found() {
    let said = recipes(&["find", "zebra"]);
    assert_eq!(said.stdout, "");
    assert!(said.stderr.contains("zebra") && said.stderr.contains("lists them all"));
    assert_eq!(said.status.code(), Some(1));
}

#[test]
fn show_prints_a_recipe_beside_its_python_twin() {
    for recipe in RECIPES.iter() {
        let said = recipes(&["show", recipe.name]);
        assert!(said.status.success(), "{}", said.stderr);
        assert!(!said.stdout.contains("ANCHOR"), "a mark of the book shows");
        for line in recipe.source.lines().chain(recipe.twin.lines()) {
            let is_mark = line.starts_with("// ANCHOR");
            assert!(
                is_mark || said.stdout.contains(line),
                "{}: {line}",
                recipe.name
            );
        }
        let question = recipe.source.lines().next().expect("it has a header");
        let first = said
            .stdout
            .lines()
            .nth(3)
            .expect("there is more than the titles");
        assert!(
            first.starts_with(question) && first.contains("\"\"\""),
            "{first}"
        );
    }
}

#[test]
fn an_unknown_recipe_is_refused_with_the_nearest_name() {
    for (command, name, nearest) in [
        ("run", "gahter", "'gather'"),
        ("run", "two_tasks", "'two-tasks'"),
        ("run", "semaphor", "'semaphore'"),
        ("show", "itarator", "'iterator'"),
    ] {
        let said = recipes(&[command, name]);
        assert_eq!(said.stdout, "");
        assert!(
            said.stderr.contains(name) && said.stderr.contains(nearest),
            "{}",
            said.stderr
        );
        assert_eq!(said.status.code(), Some(2));
    }
}

#[test]
fn one_unknown_recipe_keeps_the_others_from_running() {
    let said = recipes(&["run", "gather", "gahter", "--paused"]);
    assert_eq!(said.stdout, "");
    assert_eq!(said.status.code(), Some(2));
}

#[test]
fn arguments_that_cannot_be_meant_are_refused_with_the_remedy() {
    for (arguments, remedy) in [
        (
            &["run", "queue", "--parallel", "0"][..],
            "ask for at least 1",
        ),
        (
            &["run", "queue", "--parallel", "many"],
            "ask for a number from 1 to 512",
        ),
        (&["run", "queue", "--parallel", "-1"], "from 1 to 512"),
        (
            &["run", "queue", "--online", "--paused"],
            "cannot be used with",
        ),
        (&["run", "semaphore", "--seed", "x"], "--seed"),
        (&["run", "semaphore", "--seed", "-1"], "'-1' for '--seed"),
        (&["run"], "Usage"),
        (&["find"], "Usage"),
    ] {
        let said = recipes(arguments);
        assert_eq!(said.stdout, "", "{arguments:?}");
        assert!(
            said.stderr.contains(remedy),
            "{arguments:?}\n{}",
            said.stderr
        );
        assert_eq!(said.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn every_end_tells_wall_busy_and_peak_on_standard_error() {
    let said = recipes(&["run", "queue", "two-tasks", "--paused"]);
    for line in [
        "queue: wall 3.0 s, busy 5.5 s, at most 2 jobs at once",
        "two-tasks: idle: nothing can happen any more",
        "two-tasks: wall 8.0 s, busy 16.0 s, at most 2 jobs at once",
    ] {
        assert!(
            said.stderr.lines().any(|told| told == line),
            "{}",
            said.stderr
        );
    }
}

#[test]
fn a_closed_standard_output_ends_the_program_with_a_message() {
    for arguments in [
        &["run", "all", "--paused"][..],
        &["show", "queue"],
        &["find", "page"],
        &[],
        &["run", "process-proof"],
        // The workers cannot write either, and each job says so; the program says it once.
        &["run", "default-executor"],
    ] {
        let mut command = recipes_command();
        let command = command
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut child = command.stdout(writer).spawn().expect("the program starts");
        let stderr = child.stderr.take().expect("its errors are piped");
        let told: Vec<String> = BufReader::new(stderr)
            .lines()
            .collect::<Result<_, _>>()
            .expect("it writes UTF-8");
        let about = |line: &&String| line.contains("cannot write to standard output");
        assert_eq!(
            told.iter().filter(about).count(),
            1,
            "{arguments:?}\n{told:?}"
        );
        assert!(
            !told.iter().any(|line| line.contains("panicked at")),
            "{told:?}"
        );
        assert_eq!(
            child.wait().expect("it was started").code(),
            Some(1),
            "{arguments:?}"
        );
    }
}
