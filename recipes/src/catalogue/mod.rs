//! Every recipe, shelf by shelf.

mod recipe;
mod article;
mod waiting;
mod flow;

use std::sync::LazyLock;

use mainspring::process::{Function, function};

pub use crate::catalogue::recipe::{Order, Recipe};
use crate::stage::follow;
use crate::{process, process_proof};

/// All recipes, in the order of their numbers.
pub static RECIPES: LazyLock<Vec<Recipe>> = LazyLock::new(|| {
    let shelves: [&[Recipe]; 3] = [&article::RECIPES, &waiting::RECIPES, &flow::RECIPES];
    shelves.concat()
});

// ANCHOR: functions
/// What worker processes are asked for. A program that plays the recipes begins with
/// `serve(functions())`.
pub fn functions() -> [Function; 4] {
    [
        function(process::print_num),
        function(process_proof::compute),
        function(process_proof::pretend),
        function(follow),
    ]
}
// ANCHOR_END: functions

impl Recipe {
    /// The recipe of that name, or of that number.
    pub fn named(name: &str) -> Option<&'static Recipe> {
        let is_it = |recipe: &&Recipe| recipe.name == name || recipe.number.to_string() == name;
        RECIPES.iter().find(is_it)
    }

    /// The recipes that have most of these words in their name, question or keywords.
    pub fn find(words: &[String]) -> Vec<&'static Recipe> {
        let words = words.iter().flat_map(|word| word.split_whitespace());
        let words: Vec<String> = words.map(str::to_lowercase).collect();
        let score = |recipe: &Recipe| {
            let Recipe {
                name,
                question,
                keywords,
                ..
            } = recipe;
            let text = format!("{name} {question} {keywords}").to_lowercase();
            words.iter().filter(|word| text.contains(*word)).count()
        };
        let best = RECIPES.iter().map(score).max().unwrap_or(0);
        let is_best = |recipe: &&Recipe| best > 0 && score(recipe) == best;
        RECIPES.iter().filter(is_best).collect()
    }
}
