//! A line of the list: one item of tokio.

/// An item.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// `fn`, `async fn`, `struct`, `impl` and so on.
    pub(crate) kind: String,
    /// Its path below the crate; of an implementation `Type: Trait`.
    pub(crate) name: String,
    /// Rust that compiles where the item is as in tokio.
    pub(crate) check: String,
}

impl Item {
    /// Reads `kind name | check`.
    pub(crate) fn read(line: &str) -> Option<Item> {
        const KINDS: [&str; 11] = [
            "mod",
            "trait",
            "struct",
            "enum",
            "type",
            "variant",
            "field",
            "const",
            "import",
            "attribute",
            "macro",
        ];
        let (kind_and_name, check) = line.split_once(" | ")?;
        let mut length = kind_and_name.find(' ')?;
        if !KINDS.contains(&&kind_and_name[..length]) {
            // `deprecated fn`, `unsafe fn`, `async fn`, `fn`, `impl`
            let last = kind_and_name.find("fn ").map(|at| at + "fn".len());
            length = last.unwrap_or(length);
        }
        let (kind, name) = kind_and_name.split_at(length);
        Some(Item {
            kind: kind.to_owned(),
            name: name[1..].to_owned(),
            check: check.to_owned(),
        })
    }

    pub(crate) fn is_implementation(&self) -> bool {
        self.kind == "impl"
    }

    /// The room it belongs to: the first part of its path, or nothing for what is in the root.
    pub(crate) fn room(&self) -> &str {
        let path = self.path();
        path.split_once("::").map_or_else(
            || if self.kind == "mod" { path } else { "" },
            |(room, _)| room,
        )
    }

    /// The path it stands at. Implementations stand at the first type or trait of tokio in them.
    fn path(&self) -> &str {
        if !self.is_implementation() {
            return &self.name;
        }
        let part_of_path =
            |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
        let words = self.name.split(|letter| !part_of_path(letter));
        let mut paths = words.map(|word| word.trim_end_matches(':'));
        let ours = paths.find(|path| {
            let in_a_room = path.contains("::") && !path.starts_with("std::");
            in_a_room && path.starts_with(|letter: char| letter.is_lowercase())
        });
        ours.unwrap_or_else(|| panic!("{}: what of it is tokio's?", self.name))
    }

    /// The path of the type or trait that it belongs to, or else of the module; and what it is
    /// called there.
    pub(crate) fn parts(&self) -> (&str, &str) {
        if self.is_implementation() {
            return (self.path(), &self.name);
        }
        self.name.rsplit_once("::").unwrap_or(("", &self.name))
    }
}
