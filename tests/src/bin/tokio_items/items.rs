//! The items, one line each, with the Rust that compiles only where the item is.
//!
//! A function is shown by one of ours with its signature that calls it, so its generics, bounds,
//! arguments and result are compared too; an implementation by a function that gives it away as an
//! `impl Trait`; all others by their names.

use serde_json::Value;

use crate::crate_doc::{CRATE, CrateDoc, id, kind, text};
use crate::rust::Scope;

/// One line.
pub(crate) struct Item {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) check: String,
}

/// Marks and automatic traits, and what says nothing to a user.
const NOT_SHOWN: [&str; 9] = [
    "Drop",
    "Send",
    "Sync",
    "Unpin",
    "UnwindSafe",
    "RefUnwindSafe",
    "StructuralPartialEq",
    "TrivialClone",
    "RotatorSelect",
];

pub(crate) fn all(doc: &CrateDoc) -> Vec<Item> {
    let mut found = Vec::new();
    for (path, item) in doc.reached() {
        reached(doc, path, item, &mut found);
    }
    for path in doc.imported() {
        let kind = if path.ends_with("::main") || path.ends_with("::test") {
            "attribute"
        } else {
            "import"
        };
        found.push(named(kind, path));
    }
    found.extend(
        doc.everything()
            .filter_map(|item| implementation(doc, item)),
    );
    found
}

fn reached(doc: &CrateDoc, path: &str, item: &Value, found: &mut Vec<Item>) {
    let of = &item["inner"][kind(item)];
    match kind(item) {
        "function" => found.push(function(doc, path, item, None)),
        "macro" => {
            let mut item = named("macro", path);
            item.name.push('!');
            found.push(item);
        }
        "trait" => {
            found.push(named("trait", path));
            let owner = Owner {
                this: "This".to_owned(),
                called: format!("<This as {path}>"),
                parameters: vec![format!("This: {path} + ?Sized")],
                conditions: Vec::new(),
            };
            for method in doc.items(&of["items"]) {
                found.push(function(doc, path, method, Some(&owner)));
            }
        }
        "struct" | "enum" => {
            found.push(named(kind(item), path));
            for variant in doc.items(&of["variants"]) {
                found.push(named(
                    "variant",
                    &format!("{path}::{}", text(&variant["name"])),
                ));
            }
            for fields in [&of["kind"]["plain"]["fields"], &of["kind"]["tuple"]] {
                for field in doc
                    .items(fields)
                    .filter(|field| field["visibility"] == "public")
                {
                    found.push(self::field(path, of, field));
                }
            }
            inherent(doc, path, of, found);
        }
        "type_alias" => found.push(named("type", path)),
        "module" => found.push(named("mod", path)),
        other => panic!("{path}: what is `{other}`?"),
    }
}

/// What is shown by its name alone.
fn named(kind: &str, path: &str) -> Item {
    Item {
        kind: kind.to_owned(),
        name: short(path),
        check: format!("use {path} as _;"),
    }
}

fn field(path: &str, of: &Value, field: &Value) -> Item {
    let name = text(&field["name"]);
    let types = of["generics"]["params"].as_array().map_or(0, Vec::len);
    let (declared, given) = match types {
        0 => ("", ""),
        1 => ("<T>", "<T>"),
        _ => panic!("{path}: a field of a type with so many parameters"),
    };
    Item {
        kind: "field".to_owned(),
        name: format!("{}::{name}", short(path)),
        check: format!("fn check{declared}(a: &{path}{given}) {{ let _ = &a.{name}; }}"),
    }
}

/// The `impl` or trait that a function belongs to.
struct Owner {
    this: String,
    called: String,
    parameters: Vec<String>,
    conditions: Vec<String>,
}

fn inherent(doc: &CrateDoc, path: &str, of: &Value, found: &mut Vec<Item>) {
    let blocks = doc.items(&of["impls"]).map(|block| &block["inner"]["impl"]);
    for block in blocks.filter(|block| block["trait"].is_null()) {
        let Some((this, parameters, conditions)) = head(doc, block) else {
            continue;
        };
        let owner = Owner {
            called: format!("<{this}>"),
            this,
            parameters,
            conditions,
        };
        let public = doc.items(&block["items"]);
        for item in public.filter(|item| item["visibility"] == "public") {
            if kind(item) == "function" {
                found.push(function(doc, path, item, Some(&owner)));
                continue;
            }
            let constant = format!("{path}::{}", text(&item["name"]));
            found.push(Item {
                kind: "const".to_owned(),
                name: short(&constant),
                check: format!("fn check() {{ let _ = {constant}; }}"),
            });
        }
    }
}

/// What an `impl` is for, its parameters and its conditions.
fn head(doc: &CrateDoc, block: &Value) -> Option<(String, Vec<String>, Vec<String>)> {
    let scope = Scope {
        doc,
        this: "",
        elided: "'s",
    };
    let this = scope.ty(&block["for"])?;
    let scope = Scope {
        this: &this,
        ..scope
    };
    let mut parameters = scope.parameters(&block["generics"])?;
    let conditions = scope.conditions(&block["generics"])?;
    if this.contains("'s")
        || scope
            .path(&block["trait"])
            .is_some_and(|of| of.contains("'s"))
    {
        parameters.insert(0, "'s".to_owned());
    }
    Some((this, parameters, conditions))
}

fn function(doc: &CrateDoc, path: &str, item: &Value, owner: Option<&Owner>) -> Item {
    let of = &item["inner"]["function"];
    let header = &of["header"];
    let name = match owner {
        Some(_) => format!("{path}::{}", text(&item["name"])),
        None => path.to_owned(),
    };
    let mut kind = String::from("fn");
    if header["is_async"] == true {
        kind.insert_str(0, "async ");
    }
    if header["is_unsafe"] == true {
        kind.insert_str(0, "unsafe ");
    }
    if !item["deprecation"].is_null() {
        kind.insert_str(0, "deprecated ");
    }
    let check = called(doc, &name, of, owner);
    Item {
        kind,
        name: short(&name),
        check: check.unwrap_or_else(|| panic!("{name}: a part of it cannot be named")),
    }
}

/// A function of ours with the same signature that calls it.
fn called(doc: &CrateDoc, name: &str, of: &Value, owner: Option<&Owner>) -> Option<String> {
    let this = owner.map_or("", |owner| owner.this.as_str());
    let inputs = of["sig"]["inputs"].as_array()?;
    let is_method = inputs.first().is_some_and(|input| input[0] == "self");
    let plain = Scope {
        doc,
        this,
        elided: "'_",
    };
    // A result that borrows does so from `self`, if that is a reference.
    let mine = Scope {
        elided: "'me",
        ..plain
    };
    let mut arguments = Vec::new();
    for (at, input) in inputs.iter().enumerate() {
        let scope = if at == 0 && is_method { mine } else { plain };
        let ty = scope.ty(&input[1])?.replace("&'_ ", "&");
        arguments.push(format!("a{at}: {ty}"));
    }
    let borrows = is_method && arguments[0].contains("'me");
    let result = &of["sig"]["output"];
    let scope = if borrows { mine } else { plain };
    let written = match result {
        Value::Null => Some(String::new()),
        result => scope
            .ty(result)
            .map(|ty| format!(" -> {}", ty.replace("&'_ ", "&"))),
    };

    let mut parameters = Vec::new();
    let mut conditions = Vec::new();
    if borrows {
        parameters.push("'me".to_owned());
    }
    if let Some(owner) = owner {
        parameters.extend(owner.parameters.iter().cloned());
        conditions.extend(owner.conditions.iter().cloned());
    }
    parameters.extend(plain.parameters(&of["generics"])?);
    conditions.extend(plain.conditions(&of["generics"])?);
    // Lifetimes stand before types.
    parameters.sort_by_key(|parameter| !parameter.starts_with('\''));

    let header = &of["header"];
    let values: Vec<_> = (0..inputs.len()).map(|at| format!("a{at}")).collect();
    let function = match owner {
        Some(owner) => format!("{}::{}", owner.called, name.rsplit("::").next()?),
        None => name.to_owned(),
    };
    let mut call = format!("{function}({})", values.join(", "));
    // A type without a name for us is seen through what it waits for.
    let output = written.is_none().then(|| output(doc, result)).flatten();
    let waits = header["is_async"] == true || output.is_some();
    if waits {
        call.push_str(".await");
    }
    let written = written.or(output.map(|output| format!(" -> {output}")));
    if written.is_none() {
        call = format!("let _ = {call};");
    }
    let word = match (waits, header["is_const"] == true) {
        (true, _) => "async fn",
        (false, true) => "const fn",
        (false, false) => "fn",
    };
    let parameters = joined("<", &parameters, ">");
    let conditions = joined(" where ", &conditions, "");
    let (arguments, written) = (arguments.join(", "), written.unwrap_or_default());
    Some(format!(
        "{word} check{parameters}({arguments}){written}{conditions} {{ {call} }}"
    ))
}

/// What comes of waiting for a type, if it is a future and that is the same for all of its kind.
fn output(doc: &CrateDoc, ty: &Value) -> Option<String> {
    // Hidden ones are looked into too: it is their output that is shown.
    let item = doc.whatever(&id(&ty["resolved_path"]["id"]))?;
    let blocks = doc.items(&item["inner"]["struct"]["impls"]);
    let mut blocks = blocks.map(|block| &block["inner"]["impl"]);
    let is_future =
        |block: &&Value| doc.path_of(&block["trait"]["id"]).as_deref() == Some("Future");
    let block = blocks.find(is_future)?;
    let scope = Scope {
        doc,
        this: "",
        elided: "'s",
    };
    let output = doc.items(&block["items"]).next()?;
    let output = scope.ty(&output["inner"]["assoc_type"]["type"])?;
    // What it borrows, it borrows from the one that is waited for.
    Some(output.replace("&'a ", "&'me "))
}

/// `impl Trait for Type`, unless one of the two is not public.
fn implementation(doc: &CrateDoc, item: &Value) -> Option<Item> {
    let block = item["inner"].get("impl")?;
    let name = text(&block["trait"]["path"]);
    let last = name.rsplit("::").next()?;
    let made_up = block["is_synthetic"] == true || !block["blanket_impl"].is_null();
    if made_up || block["is_negative"] == true || NOT_SHOWN.contains(&last) {
        return None;
    }
    let (this, parameters, conditions) = head(doc, block)?;
    let is_parameter = parameters
        .iter()
        .any(|parameter| parameter.starts_with(&format!("{this}:")));
    if this == "str" || is_parameter {
        return None; // Unsized: no function gives it away.
    }
    let scope = Scope {
        doc,
        this: &this,
        elided: "'s",
    };
    let mut bound = scope.path(&block["trait"])?;
    let types = doc
        .items(&block["items"])
        .filter(|item| kind(item) == "assoc_type");
    let types = types.filter_map(|item| {
        let ty = scope.ty(&item["inner"]["assoc_type"]["type"])?;
        Some(format!("{} = {ty}", text(&item["name"])))
    });
    let types: Vec<_> = types.collect();
    let shown = bound.clone();
    if !types.is_empty() {
        let types = types.join(", ");
        bound = match bound.strip_suffix('>') {
            Some(open) => format!("{open}, {types}>"),
            None => format!("{bound}<{types}>"),
        };
    }
    let mut parameters = joined("<", &parameters, ">");
    let mut conditions = joined(" where ", &conditions, "");
    if this.ends_with("::Mutex<T>") || this.ends_with("::RwLock<T>") {
        // Given away by value, they have to be sized.
        for bounds in [&mut parameters, &mut conditions] {
            *bounds = bounds.replace("?Sized", "Sized");
        }
    }
    Some(Item {
        kind: "impl".to_owned(),
        name: short(&format!("{this}: {shown}")),
        check: format!("fn check{parameters}(a: {this}) -> impl {bound}{conditions} {{ a }}"),
    })
}

fn joined(before: &str, parts: &[String], after: &str) -> String {
    match parts {
        [] => String::new(),
        parts => format!("{before}{}{after}", parts.join(", ")),
    }
}

/// The name in the table: without the crate's, without lifetimes, and without std's modules where
/// no type of tokio is called the same.
fn short(path: &str) -> String {
    let mut name = path.replace(&format!("{CRATE}::"), "");
    for hidden in [
        "'s ",
        "'a ",
        "'s, ",
        "'a, ",
        "<'s>",
        "<'a>",
        "std::fmt::",
        "std::ops::",
        "std::error::",
        "std::hash::",
        "std::iter::",
        "std::os::fd::",
        "bytes::",
    ] {
        name = name.replace(hidden, "");
    }
    name.replace("std::time::Duration", "Duration")
}
