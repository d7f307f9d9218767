//! The table `tests/asyncio_rows.txt`: every behaviour of asyncio that this runtime answers for, and
//! the tests that hold it to it, or why there is none.
//!
//! The head of the table says how it is read. What it knows of tests is written by this file, from
//! the sources, and checked against them; the rest is written by hand. After a test was added,
//! renamed or taken out:
//!
//! ```text
//! MAINSPRING_WRITE_ROWS=1 cargo test -p mainspring-tests --test asyncio_rows the_table
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::sync::LazyLock;

use mainspring_tests::source::{Source, files, root};

const TABLE: &str = "tests/asyncio_rows.txt";

/// How many rows were taken over from asyncio. None is lost by an edit.
const FROM_ASYNCIO: usize = 366;

/// Where tests are.
const FOLDERS: [&str; 5] = ["executor", "reactor", "recipes", "tests", "docs"];

#[test]
fn the_table_knows_every_test_that_bears_a_row_and_no_other() {
    let written = text();
    let fresh = Table::new(&written).brought_up_to_date(&TESTS);
    if std::env::var_os("MAINSPRING_WRITE_ROWS").is_some() {
        fs::write(root().join(TABLE), fresh).expect("the table can be written");
        return;
    }
    let [old, new] = [(&written, &fresh), (&fresh, &written)].map(|(these, those)| {
        let those: BTreeSet<&str> = those.lines().collect();
        let alone = these.lines().filter(|line| !those.contains(line));
        alone.collect::<Vec<_>>()
    });
    assert!(
        written == fresh,
        "{TABLE} is not what the sources say; run this test with MAINSPRING_WRITE_ROWS=1\n\
         no longer so: {old:#?}\nnot yet there: {new:#?}"
    );
}

#[test]
fn every_row_has_a_test_or_says_why_not() {
    let table = text();
    let table = Table::new(&table);
    let wrong: Vec<String> = table
        .rows()
        .filter_map(|row| Some(format!("{}: {}", row.id, row.complaint(&TESTS)?)))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let ids: BTreeSet<_> = table.rows().map(|row| row.id).collect();
    assert_eq!(ids.len(), table.rows().count(), "a row stands twice");
    let taken_over = table.rows().filter(|row| row.class != "O").count();
    assert_eq!(taken_over, FROM_ASYNCIO);
}

#[test]
fn no_test_claims_a_row_that_is_not_there() {
    let table = text();
    let table = Table::new(&table);
    let areas: BTreeSet<&str> = table.rows().map(|row| area(row.id)).collect();
    let strangers: Vec<_> = TESTS
        .iter()
        .filter(|(_, places)| places.iter().any(|place| place.starts_with("tests/tests/")))
        .map(|(name, _)| name)
        .filter(|name| {
            let begins = name.split('_').next();
            begins.is_some_and(|begins| areas.contains(begins)) && table.row_of(name).is_none()
        })
        .collect();
    assert!(
        strangers.is_empty(),
        "these begin like the id of a row, and there is none: give them a row, or another beginning\n\
         {strangers:#?}"
    );
}

#[test]
fn no_row_of_the_first_two_priorities_is_open() {
    let table = text();
    let table = Table::new(&table);
    let open = table.rows().filter(|row| row.is_open());
    let open: Vec<_> = open.map(|row| row.id).collect();
    assert!(open.is_empty(), "these are open: {open:#?}");
}

/// The table as it is.
fn text() -> String {
    fs::read_to_string(root().join(TABLE)).expect("the table is there")
}

/// Every test, and the files in which one of this name is.
type Tests = BTreeMap<String, Vec<String>>;

/// Those of this repository.
static TESTS: LazyLock<Tests> = LazyLock::new(|| {
    let mut found = Tests::new();
    for folder in FOLDERS {
        for (path, text) in files(folder, ".rs") {
            if !text.contains("test") {
                continue;
            }
            let source = Source::new(path, text);
            for name in names_of_tests(&source) {
                found.entry(name).or_default().push(source.path.clone());
            }
        }
    }
    found
});

/// The functions with an attribute `#[test]`, `#[some::test]` or `#[some::test(…)]`.
fn names_of_tests(source: &Source) -> Vec<String> {
    let functions = source.words("fn").filter(|&at| {
        let begin = source.code[..at].rfind(['{', '}', ';']).unwrap_or(0);
        let above = &source.code[begin..at];
        ["#[test]", "::test]", "::test("]
            .iter()
            .any(|attribute| above.contains(attribute))
    });
    functions
        .filter_map(|at| {
            let rest = source.code[at + "fn".len()..].trim_start();
            // In a macro it may be `$name`.
            let name = &rest[..rest.find('(')?];
            (!name.contains('$')).then(|| name.to_owned())
        })
        .collect()
}

/// What an id begins with: the thing it is about.
fn area(id: &str) -> &str {
    id.split('.').next().unwrap_or_default()
}

/// What a test's name begins with that bears this id.
fn as_name(id: &str) -> String {
    id.replace(['.', '-'], "_")
}

/// The file, line by line, with its rows understood.
struct Table<'t> {
    parts: Vec<Part<'t>>,
}

enum Part<'t> {
    /// A heading, an empty line, or a line of the head.
    Line(&'t str),
    Row(Row<'t>),
}

/// One behaviour.
struct Row<'t> {
    line: &'t str,
    id: &'t str,
    /// `Y`, `T`, `X`, `N` or `O`: see the head of the table.
    class: &'t str,
    /// `P1`, `P2`, `P3` or `-`.
    weight: &'t str,
    /// What stands below it: a word, and what it says.
    answers: Vec<(&'t str, &'t str)>,
}

impl<'t> Table<'t> {
    fn new(text: &'t str) -> Self {
        let mut parts = Vec::new();
        for line in text.lines() {
            if let Some(answer) = line.strip_prefix("    ") {
                let Some(Part::Row(row)) = parts.last_mut() else {
                    panic!("{TABLE}: an answer without a row: {line}");
                };
                row.answers
                    .push(answer.split_once(' ').unwrap_or((answer, "")));
            } else if let Some(row) = Row::new(line) {
                parts.push(Part::Row(row));
            } else {
                parts.push(Part::Line(line));
            }
        }
        Table { parts }
    }

    fn rows(&self) -> impl Iterator<Item = &Row<'t>> {
        self.parts.iter().filter_map(|part| match part {
            Part::Row(row) => Some(row),
            Part::Line(_) => None,
        })
    }

    /// The row whose id this test bears: the longest, as ids may begin alike.
    fn row_of(&self, test: &str) -> Option<&Row<'t>> {
        let borne = self.rows().filter(|row| {
            let rest = test.strip_prefix(&*as_name(row.id));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        });
        borne.max_by_key(|row| row.id.len())
    }

    /// The text with what the sources say.
    fn brought_up_to_date(&self, tests: &Tests) -> String {
        let mut bearers: BTreeMap<&str, Vec<(&String, &String)>> = BTreeMap::new();
        for (name, places) in tests {
            if let Some(row) = self.row_of(name) {
                let bearing = bearers.entry(row.id).or_default();
                bearing.extend(places.iter().map(|place| (name, place)));
            }
        }
        let mut body = String::new();
        let (mut rows, mut held, mut open) = (0, 0, 0);
        for part in &self.parts {
            let row = match part {
                Part::Line(line) if line.starts_with(COUNTS) => {
                    writeln!(body, "{COUNTS}").expect("a string takes all");
                    continue;
                }
                Part::Line(line) => {
                    writeln!(body, "{line}").expect("a string takes all");
                    continue;
                }
                Part::Row(row) => row,
            };
            let bearing = bearers.remove(row.id).unwrap_or_default();
            writeln!(body, "{}", row.line).expect("a string takes all");
            for (name, place) in &bearing {
                writeln!(body, "    test {name} in {place}").expect("a string takes all");
            }
            let kept = row.answers.iter().filter(|(word, _)| match *word {
                "test" => false,
                // What was missing is there.
                "open" | "later" | "left" => bearing.is_empty(),
                _ => true,
            });
            let kept: Vec<_> = kept.collect();
            for (word, says) in &kept {
                writeln!(body, "    {word} {says}").expect("a string takes all");
            }
            rows += 1;
            held +=
                usize::from(!bearing.is_empty() || kept.iter().any(|(word, _)| *word == "held"));
            open += usize::from(kept.iter().any(|(word, _)| *word == "open"));
        }
        let counts = format!("{COUNTS} {rows} rows, {held} held by tests, {open} open");
        body.replacen(COUNTS, &counts, 1)
    }
}

/// The line of the head that counts.
const COUNTS: &str = "In all:";

impl<'t> Row<'t> {
    /// `area.what [class weight] meaning`.
    fn new(line: &'t str) -> Option<Self> {
        let (id, rest) = line.split_once(" [")?;
        let (kind, meaning) = rest.split_once("] ")?;
        let (class, weight) = kind.split_once(' ')?;
        let is_id = id.contains('.') && !id.contains(' ') && !meaning.is_empty();
        is_id.then_some(Row {
            line,
            id,
            class,
            weight,
            answers: Vec::new(),
        })
    }

    fn is_open(&self) -> bool {
        self.answers.iter().any(|(word, _)| *word == "open")
    }

    /// What is wrong with it.
    fn complaint(&self, tests: &Tests) -> Option<String> {
        if !["Y", "T", "X", "N", "O"].contains(&self.class) {
            return Some(format!("`{}` is no class", self.class));
        }
        if !["P1", "P2", "P3", "-"].contains(&self.weight) {
            return Some(format!("`{}` is no weight", self.weight));
        }
        if self.answers.is_empty() {
            return Some("neither a test nor a reason".to_owned());
        }
        let matters = ["P1", "P2"].contains(&self.weight) && self.class != "N";
        for (word, says) in &self.answers {
            let complaint = match *word {
                "test" | "held" => {
                    let there = says.split_once(" in ").is_some_and(|(name, place)| {
                        let places = tests.get(name);
                        places.is_some_and(|places| places.iter().any(|there| there == place))
                    });
                    (!there).then_some("there is no such test there")
                }
                "types" | "rust" => None,
                "open" => (!matters).then_some("`open` is for P1 and P2: `later` or `left`"),
                "later" | "left" => matters.then_some("P1 and P2 are not left out: `open`"),
                _ => Some("no such answer"),
            };
            if let Some(complaint) = complaint {
                return Some(format!("{word} {says}: {complaint}"));
            }
            if says.is_empty() {
                return Some(format!("{word}: what?"));
            }
        }
        None
    }
}

#[test]
fn a_tests_name_is_read_with_its_attributes() {
    let text = "#[test] fn a() {} #[x::test(y = true)] #[cfg(z)] async fn b() {} fn c() {}\n\
                struct D; #[x::test]\n// not this: fn e\npub fn f() { fn g() {} }\n\
                #[test] fn $name() {}";
    assert_eq!(names_of_tests(&Source::new("", text)), ["a", "b", "f"]);
}

#[test]
fn a_test_bears_the_longest_id_its_name_begins_with() {
    let table = Table::new("to.zero [Y P1] m\nto.zero-work [Y P1] m\n");
    let bears = |test| table.row_of(test).map(|row| row.id);
    assert_eq!(bears("to_zero"), Some("to.zero"));
    assert_eq!(bears("to_zero_work_is_done"), Some("to.zero-work"));
    assert_eq!(bears("to_zero_worker"), Some("to.zero"));
    assert_eq!(bears("to_zeros"), None);
}

#[test]
fn a_table_is_brought_up_to_date() {
    let old = "In all: 9\n## A\na.b [Y P1] m\n    open what\na.c [T P2] m\n    test gone in x\n    held other in x\na.d [Y P2] m\n    open later\n";
    let tests = Tests::from([
        ("a_b_so".into(), vec!["x".into()]),
        ("other".into(), vec!["x".into()]),
    ]);
    let fresh = Table::new(old).brought_up_to_date(&tests);
    assert_eq!(
        fresh,
        "In all: 3 rows, 2 held by tests, 1 open\n## A\na.b [Y P1] m\n    test a_b_so in x\na.c [T P2] m\n    held other in x\na.d [Y P2] m\n    open later\n"
    );
}

#[test]
fn a_row_that_answers_badly_is_found() {
    let tests = Tests::from([("t".into(), vec!["x".into()])]);
    for (text, wrong) in [
        ("a.b [Y P1] m", "neither"),
        ("a.b [Z P1] m\n    held t in x", "no class"),
        ("a.b [Y P4] m\n    held t in x", "no weight"),
        ("a.b [Y P1] m\n    held t in y", "no such test"),
        ("a.b [Y P1] m\n    test u in x", "no such test"),
        ("a.b [Y P1] m\n    left no time", "not left out"),
        ("a.b [Y P3] m\n    open soon", "`later` or `left`"),
        ("a.b [Y P3] m\n    later", "what?"),
        ("a.b [Y P3] m\n    perhaps", "no such answer"),
    ] {
        let table = Table::new(text);
        let complaint = table.rows().find_map(|row| row.complaint(&tests));
        assert!(
            complaint.is_some_and(|complaint| complaint.contains(wrong)),
            "{text}"
        );
    }
    let table = Table::new("a.b [Y P1] m\n    held t in x\na.c [T P3] m\n    types moved\n");
    assert!(table.rows().all(|row| row.complaint(&tests).is_none()));
}
