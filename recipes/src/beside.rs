//! Two texts beside each other, or one after the other where the terminal is narrow.

use std::iter;

/// What stands between the two.
const GUTTER: &str = "  │  ";

/// Lays `left` and `right`, each under its title, side by side; if that is wider than `width`,
/// `right` comes below.
pub fn beside(left: (&str, &str), right: (&str, &str), width: Option<usize>) -> String {
    let [left, right] = [left, right].map(|(title, text)| column(title, text));
    let [left_width, right_width] = [&left, &right].map(|lines| widest(lines));
    let needed = left_width + GUTTER.chars().count() + right_width;
    if width.is_some_and(|width| width < needed) {
        return format!("{}\n\n\n{}\n", left.join("\n"), right.join("\n"));
    }
    let mut text = String::new();
    for row in 0..left.len().max(right.len()) {
        let [left, right] = [&left, &right].map(|lines| lines.get(row).map_or("", String::as_str));
        text.push_str(format!("{left:<left_width$}{GUTTER}{right}").trim_end());
        text.push('\n');
    }
    text
}

/// The lines of a text under its title, without the marks by which the book finds its pieces.
fn column(title: &str, text: &str) -> Vec<String> {
    let is_mark = |line: &str| line.trim_start().starts_with("// ANCHOR");
    let lines = text.lines().filter(|line| !is_mark(line));
    let title = [title, "", ""].into_iter().map(str::to_owned);
    let mut lines: Vec<String> = title.chain(lines.map(str::to_owned)).collect();
    lines[1] = iter::repeat_n('─', widest(&lines)).collect();
    lines
}

fn widest(lines: &[String]) -> usize {
    let widths = lines.iter().map(|line| line.chars().count());
    widths.max().unwrap_or(0)
}
