//! The `recipes` program: lists the cookbook, looks recipes up, shows and plays them.

#![forbid(unsafe_code)]

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Parser, Subcommand};
use mainspring::process::serve;
use recipes::aside::aside;
use recipes::beside::beside;
use recipes::catalogue::{Order, RECIPES, Recipe, functions};
use recipes::stage::give_up;

/// The cookbook of mainspring: I want to … this is how.
///
/// Without a command, it lists number, name and question of every recipe.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Look a recipe up by the words of a question
    Find {
        /// What you want, as `limit parallel`
        #[arg(required = true)]
        words: Vec<String>,
    },
    /// Print a recipe beside its Python twin
    Show {
        /// Name or number
        #[arg(value_parser = names([]), hide_possible_values = true)]
        name: String,
    },
    /// Play recipes, on the real clock unless told otherwise
    Run {
        /// Names or numbers, or `all`
        #[arg(required = true, value_parser = names(["all"]), hide_possible_values = true)]
        names: Vec<String>,
        #[command(flatten)]
        order: Order,
    },
}

fn main() -> ExitCode {
    // A worker process is this program again, and stays in this line.
    serve(functions());
    match Arguments::parse().command {
        None => list(&RECIPES.iter().collect::<Vec<_>>()),
        Some(Command::Find { words }) => find(&words),
        Some(Command::Show { name }) => show(Recipe::named(&name).expect("clap knows the names")),
        Some(Command::Run { names, order }) => {
            let on_terminal = io::stdout().is_terminal();
            run(
                &names,
                &Order {
                    on_terminal,
                    ..order
                },
            )
        }
    }
}

fn run(names: &[String], order: &Order) -> ExitCode {
    let mut failed = false;
    for recipe in names.iter().flat_map(|name| chosen(name)) {
        aside!("{}: {}", recipe.name, recipe.question);
        match recipe.play(order, io::stdout()) {
            Ok(summary) => {
                failed |= summary.complaints > 0;
                aside!("{}: {summary}", recipe.name);
            }
            Err(error) => {
                failed = true;
                aside!("recipes: {}: {error}", recipe.name);
            }
        }
    }
    ExitCode::from(u8::from(failed))
}

fn chosen(name: &str) -> Vec<&'static Recipe> {
    match name {
        "all" => RECIPES.iter().collect(),
        name => Recipe::named(name).into_iter().collect(),
    }
}

fn find(words: &[String]) -> ExitCode {
    let found = Recipe::find(words);
    if found.is_empty() {
        aside!(
            "recipes: no recipe knows any of these words: {}; `recipes` lists them all",
            words.join(" ")
        );
        return ExitCode::FAILURE;
    }
    list(&found)
}

fn list(recipes: &[&Recipe]) -> ExitCode {
    let widest = RECIPES
        .iter()
        .map(|recipe| recipe.name.len())
        .max()
        .unwrap_or(0);
    let line = |recipe: &&Recipe| {
        let Recipe {
            number,
            name,
            question,
            ..
        } = recipe;
        format!("{number:>2}  {name:<widest$}  {question}\n")
    };
    print(&recipes.iter().map(line).collect::<String>())
}

fn show(recipe: &Recipe) -> ExitCode {
    let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let python = format!("recipes/python/{}.py", recipe.name);
    print(&beside(
        (recipe.file, recipe.source),
        (&python, recipe.twin),
        width,
    ))
}

fn print(text: &str) -> ExitCode {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => give_up(&error),
    }
}

/// The names and numbers of all recipes, and what else may stand in their place; clap refuses
/// others, names those there are, and suggests the nearest.
fn names<const N: usize>(more: [&'static str; N]) -> PossibleValuesParser {
    let recipe = |recipe: &Recipe| PossibleValue::new(recipe.name).alias(recipe.number.to_string());
    let more = more.into_iter().map(PossibleValue::new);
    PossibleValuesParser::new(RECIPES.iter().map(recipe).chain(more))
}
