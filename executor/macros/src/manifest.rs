//! The name under which the crate that is being compiled knows mainspring.
//!
//! A procedural macro has no `$crate`: it must write a name, and the user may have chosen another
//! one (`tokio = { package = "mainspring" }`). The answer stands in the user's `Cargo.toml`.

use std::env;
use std::fs;
use std::path::Path;

use toml::de::{DeTable, DeValue};

const OWN_NAME: &str = "mainspring";

/// The name when the manifest does not mention mainspring: then a package called `tokio` that
/// re-exports mainspring was put in by `[patch.crates-io]`.
const PATCHED_NAME: &str = "tokio";

const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// The crate name of mainspring, as the crate that is being compiled would write it.
pub(crate) fn crate_name() -> String {
    // Without cargo there is nothing to read, and nothing that could have renamed the crate.
    let Some(directory) = env::var_os("CARGO_MANIFEST_DIR") else {
        return OWN_NAME.to_owned();
    };
    let directory = Path::new(&directory);
    match fs::read_to_string(directory.join("Cargo.toml")) {
        Ok(manifest) => crate_name_in(&manifest, || workspace_manifest(directory)),
        Err(_) => OWN_NAME.to_owned(),
    }
}

/// The same for the text of a manifest. `workspace` reads the manifest of the workspace root; it is
/// asked only if the answer depends on it.
fn crate_name_in(manifest: &str, workspace: impl FnOnce() -> Option<String>) -> String {
    let Ok(manifest) = DeTable::parse(manifest) else {
        return OWN_NAME.to_owned();
    };
    let manifest = manifest.get_ref();
    let package = table(manifest, "package").and_then(|package| string(package, "name"));
    let dependencies = dependencies(manifest);
    if package == Some(OWN_NAME) || dependencies.iter().any(|(key, _)| *key == OWN_NAME) {
        return OWN_NAME.to_owned();
    }

    let renamed =
        |(_, value): &&(&str, &DeValue<'_>)| string_in(value, "package") == Some(OWN_NAME);
    if let Some((key, _)) = dependencies.iter().find(renamed) {
        return key.replace('-', "_");
    }

    let inherited: Vec<&str> = dependencies
        .iter()
        .filter(|(_, value)| value.get("workspace").is_some())
        .map(|(key, _)| *key)
        .collect();
    if !inherited.is_empty()
        && let Some(workspace) = workspace()
        && let Some(key) = renamed_by_workspace(&workspace, &inherited)
    {
        return key.replace('-', "_");
    }
    PATCHED_NAME.to_owned()
}

/// Every dependency of the package: its key and what is said of it.
fn dependencies<'a>(manifest: &'a DeTable<'_>) -> Vec<(&'a str, &'a DeValue<'a>)> {
    let targets = table(manifest, "target").into_iter().flatten();
    let targets = targets.filter_map(|(_, target)| target.get_ref().as_table());
    std::iter::once(manifest)
        .chain(targets)
        .flat_map(|place| SECTIONS.iter().filter_map(|section| table(place, section)))
        .flatten()
        .map(|(key, value)| (key.get_ref().as_ref(), value.get_ref()))
        .collect()
}

/// The key among `inherited` that the workspace explains as mainspring.
fn renamed_by_workspace<'k>(workspace: &str, inherited: &[&'k str]) -> Option<&'k str> {
    let workspace = DeTable::parse(workspace).ok()?;
    let explained = table(table(workspace.get_ref(), "workspace")?, "dependencies")?;
    inherited.iter().copied().find(|key| {
        let value = explained.get(*key).map(|value| value.get_ref());
        value.and_then(|value| string_in(value, "package")) == Some(OWN_NAME)
    })
}

/// The manifest of the nearest workspace at or above `directory`.
fn workspace_manifest(directory: &Path) -> Option<String> {
    directory.ancestors().find_map(|directory| {
        let text = fs::read_to_string(directory.join("Cargo.toml")).ok()?;
        let is_root = table(DeTable::parse(&text).ok()?.get_ref(), "workspace").is_some();
        is_root.then_some(text)
    })
}

fn table<'a>(table: &'a DeTable<'_>, key: &str) -> Option<&'a DeTable<'a>> {
    table.get(key)?.get_ref().as_table()
}

fn string<'a>(table: &'a DeTable<'_>, key: &str) -> Option<&'a str> {
    table.get(key)?.get_ref().as_str()
}

fn string_in<'a>(value: &'a DeValue<'_>, key: &str) -> Option<&'a str> {
    value.get(key)?.get_ref().as_str()
}

#[cfg(test)]
mod tests {
    use super::crate_name_in;

    fn alone(manifest: &str) -> String {
        crate_name_in(manifest, || panic!("the workspace was asked for"))
    }

    #[test]
    fn a_dependency_keeps_its_own_name() {
        assert_eq!(alone("[dependencies]\nmainspring = \"0.1\""), "mainspring");
        assert_eq!(
            alone("[dependencies]\nmainspring.workspace = true"),
            "mainspring"
        );
        assert_eq!(
            alone("[dependencies.mainspring]\npath = \"..\""),
            "mainspring"
        );
    }

    #[test]
    fn a_renamed_dependency_is_found_by_its_package() {
        let manifest = "[dependencies]\ntokio = { package = \"mainspring\", version = \"0.1\" }";
        assert_eq!(alone(manifest), "tokio");
        let manifest = "[dependencies.my-loop]\npackage = \"mainspring\"";
        assert_eq!(alone(manifest), "my_loop");
    }

    #[test]
    fn dev_build_and_target_dependencies_count() {
        for section in [
            "dev-dependencies",
            "build-dependencies",
            "target.'cfg(unix)'.dependencies",
        ] {
            let manifest = format!("[{section}]\nspring = {{ package = \"mainspring\" }}");
            assert_eq!(alone(&manifest), "spring", "{section}");
        }
    }

    #[test]
    fn a_dependency_renamed_in_the_workspace_is_found_there() {
        let manifest = "[dependencies]\nserde.workspace = true\ntokio = { workspace = true }";
        let workspace =
            "[workspace.dependencies]\nserde = \"1\"\ntokio = { package = \"mainspring\" }";
        assert_eq!(
            crate_name_in(manifest, || Some(workspace.to_owned())),
            "tokio"
        );
    }

    #[test]
    fn a_key_of_the_workspace_that_the_package_does_not_use_is_no_answer() {
        let manifest = "[dependencies]\nserde.workspace = true";
        let workspace =
            "[workspace.dependencies]\nserde = \"1\"\nspring = { package = \"mainspring\" }";
        assert_eq!(
            crate_name_in(manifest, || Some(workspace.to_owned())),
            "tokio"
        );
    }

    #[test]
    fn the_package_itself_writes_its_own_name() {
        let manifest = "[package]\nname = \"mainspring\"\n[dev-dependencies]\ntokio = \"1\"";
        assert_eq!(alone(manifest), "mainspring");
    }

    #[test]
    fn its_own_name_wins_over_another() {
        let manifest = "[dependencies]\ntokio = { package = \"mainspring\" }\nmainspring = \"0.1\"";
        assert_eq!(alone(manifest), "mainspring");
    }

    #[test]
    fn a_patched_tokio_is_called_tokio() {
        assert_eq!(alone("[dependencies]\ntokio = \"1\""), "tokio");
    }

    #[test]
    fn a_manifest_that_does_not_parse_is_left_to_cargo() {
        assert_eq!(alone("[dependencies\n"), "mainspring");
    }
}
