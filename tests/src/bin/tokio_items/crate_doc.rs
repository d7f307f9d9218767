//! One crate as rustdoc's JSON tells it, and under which path a user reaches what is in it.

use std::collections::HashMap;

use serde_json::Value;

use crate::outside;

/// The name under which the checks know the crate.
pub(crate) const CRATE: &str = "tokio";

/// What rustdoc wrote.
pub(crate) struct CrateDoc {
    doc: Value,
    // The shortest public path of a module, type, trait, function or macro.
    public: HashMap<String, String>,
    // Every public path, in the order of the walk.
    reached: Vec<(String, String)>,
    // What is of another crate and shown here, such as std's `Duration`.
    imported: Vec<String>,
}

impl CrateDoc {
    pub(crate) fn new(doc: Value) -> Self {
        let mut this = CrateDoc {
            doc,
            public: HashMap::new(),
            reached: Vec::new(),
            imported: Vec::new(),
        };
        let root = id(&this.doc["root"]);
        this.walk(&root, CRATE, &mut vec![root.clone()]);
        for (path, id) in &this.reached {
            let known = this
                .public
                .entry(id.clone())
                .or_insert_with(|| path.clone());
            if path.len() < known.len() {
                known.clone_from(path);
            }
        }
        this
    }

    pub(crate) fn version(&self) -> &str {
        text(&self.doc["crate_version"])
    }

    /// Every public path and the item it leads to.
    pub(crate) fn reached(&self) -> impl Iterator<Item = (&str, &Value)> {
        let reached = self.reached.iter();
        reached.filter_map(|(path, id)| Some((path.as_str(), self.item(id)?)))
    }

    /// The public paths of what other crates define.
    pub(crate) fn imported(&self) -> impl Iterator<Item = &str> {
        self.imported.iter().map(String::as_str)
    }

    /// Every item there is, those that no path leads to among them.
    pub(crate) fn everything(&self) -> impl Iterator<Item = &Value> {
        let index = self.doc["index"].as_object();
        index.expect("there is an index").values()
    }

    /// The item, unless it is hidden from users.
    pub(crate) fn item(&self, id: &str) -> Option<&Value> {
        self.whatever(id).filter(|item| !is_hidden(item))
    }

    /// The item, hidden or not.
    pub(crate) fn whatever(&self, id: &str) -> Option<&Value> {
        self.doc["index"].get(id)
    }

    /// The items that `list` names by their ids.
    pub(crate) fn items<'d>(&'d self, list: &'d Value) -> impl Iterator<Item = &'d Value> {
        let list = list.as_array().into_iter().flatten();
        list.filter_map(|of| self.item(&id(of)))
    }

    /// The path under which a program of ours can name what a type or bound refers to.
    pub(crate) fn path_of(&self, of: &Value) -> Option<String> {
        let id = id(of);
        if let Some(path) = self.public.get(&id) {
            return Some(path.clone());
        }
        let path = self.doc["paths"].get(&id)?;
        let path: Vec<&str> = path["path"].as_array()?.iter().map(text).collect();
        outside::public(&path.join("::")).map(str::to_owned)
    }

    fn walk(&mut self, module: &str, prefix: &str, above: &mut Vec<String>) {
        let module = self.doc["index"][module].clone();
        let children: Vec<Value> = self
            .items(&module["inner"]["module"]["items"])
            .cloned()
            .collect();
        for child in children {
            if child["visibility"] != "public" {
                continue;
            }
            let used = &child["inner"]["use"];
            if used.is_null() {
                self.reach(
                    &id(&child["id"]),
                    &format!("{prefix}::{}", text(&child["name"])),
                    above,
                );
                continue;
            }
            let to = id(&used["id"]);
            let path = format!("{prefix}::{}", text(&used["name"]));
            match self.item(&to) {
                None => self.imported.push(path),
                Some(_) if used["is_glob"] == true => self.walk(&to, prefix, above),
                Some(_) => self.reach(&to, &path, above),
            }
        }
    }

    fn reach(&mut self, to: &str, path: &str, above: &mut Vec<String>) {
        self.reached.push((path.to_owned(), to.to_owned()));
        let is_module = self.item(to).is_some_and(|item| kind(item) == "module");
        if is_module && !above.iter().any(|module| module == to) {
            above.push(to.to_owned());
            self.walk(to, path, above);
            above.pop();
        }
    }
}

/// What kind of item it is: the only key of its `inner`.
pub(crate) fn kind(item: &Value) -> &str {
    let inner = item["inner"].as_object();
    let kind = inner.and_then(|inner| inner.keys().next());
    kind.map_or("", String::as_str)
}

/// An id, which is a number as a value and text as a key.
pub(crate) fn id(id: &Value) -> String {
    id.to_string()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn is_hidden(item: &Value) -> bool {
    let mut attributes = item["attrs"].as_array().into_iter().flatten();
    attributes.any(|attribute| attribute.to_string().contains("doc(hidden)"))
}
