//! Types, bounds and generics of rustdoc's JSON, written as Rust again.
//!
//! Everything is none where a program of ours could not name a part of it.

use serde_json::Value;

use crate::crate_doc::{CrateDoc, text};

/// What stands for `Self` and for a lifetime that was left out, in one declaration.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'s> {
    pub(crate) doc: &'s CrateDoc,
    pub(crate) this: &'s str,
    pub(crate) elided: &'s str,
}

impl Scope<'_> {
    pub(crate) fn ty(&self, ty: &Value) -> Option<String> {
        let (kind, of) = ty.as_object()?.iter().next()?;
        Some(match kind.as_str() {
            "primitive" if text(of) == "never" => "!".to_owned(),
            "primitive" if text(of) == "unit" => "()".to_owned(),
            "primitive" => text(of).to_owned(),
            "generic" if text(of) == "Self" => self.this.to_owned(),
            "generic" => text(of).to_owned(),
            "resolved_path" => self.path(of)?,
            "borrowed_ref" => {
                let lifetime = of["lifetime"].as_str().unwrap_or(self.elided);
                let lifetime = if lifetime == "'_" {
                    self.elided
                } else {
                    lifetime
                };
                let mutable = if of["is_mutable"] == true { "mut " } else { "" };
                format!("&{lifetime} {mutable}{}", self.ty(&of["type"])?)
            }
            "raw_pointer" => {
                let mutable = if of["is_mutable"] == true {
                    "mut"
                } else {
                    "const"
                };
                format!("*{mutable} {}", self.ty(&of["type"])?)
            }
            "tuple" => {
                let parts = self.each(of, |part| self.ty(part))?;
                let comma = if parts.len() == 1 { "," } else { "" };
                format!("({}{comma})", parts.join(", "))
            }
            "slice" => format!("[{}]", self.ty(of)?),
            "array" => format!("[{}; {}]", self.ty(&of["type"])?, text(&of["len"])),
            "impl_trait" => format!("impl {}", self.bounds(of)?),
            "qualified_path" => {
                let of_type = self.ty(&of["self_type"])?;
                let name = text(&of["name"]);
                match &of["trait"] {
                    Value::Null => format!("{of_type}::{name}"),
                    bound => format!("<{of_type} as {}>::{name}", self.path(bound)?),
                }
            }
            "dyn_trait" => {
                let traits = self.each(&of["traits"], |bound| self.path(&bound["trait"]))?;
                let lifetime = of["lifetime"].as_str();
                let lifetime = lifetime.map_or(String::new(), |name| format!(" + {name}"));
                format!("(dyn {}{lifetime})", traits.join(" + "))
            }
            _ => return None,
        })
    }

    /// A path with its arguments: of a type, or of a trait in a bound.
    pub(crate) fn path(&self, of: &Value) -> Option<String> {
        let name = self.doc.path_of(&of["id"])?;
        let angle = &of["args"]["angle_bracketed"];
        let round = &of["args"]["parenthesized"];
        if !round.is_null() {
            // What is left out inside is for every caller anew.
            let inside = Scope {
                elided: "'_",
                ..*self
            };
            let inputs = inside.each(&round["inputs"], |input| inside.ty(input))?;
            let inputs = inputs.join(", ").replace("&'_ ", "&");
            let output = match &round["output"] {
                Value::Null => String::new(),
                output => format!(" -> {}", inside.ty(output)?.replace("&'_ ", "&")),
            };
            return Some(format!("{name}({inputs}){output}"));
        }
        let mut arguments = self.each(&angle["args"], |argument| self.argument(argument))?;
        arguments.extend(self.each(&angle["constraints"], |constraint| {
            let name = text(&constraint["name"]);
            match &constraint["binding"] {
                binding if !binding["equality"].is_null() => Some(format!(
                    "{name} = {}",
                    self.ty(&binding["equality"]["type"])?
                )),
                binding => Some(format!("{name}: {}", self.bounds(&binding["constraint"])?)),
            }
        })?);
        Some(match arguments.as_slice() {
            [] => name,
            arguments => format!("{name}<{}>", arguments.join(", ")),
        })
    }

    fn argument(&self, argument: &Value) -> Option<String> {
        if let Some(lifetime) = argument["lifetime"].as_str() {
            let lifetime = if lifetime == "'_" {
                self.elided
            } else {
                lifetime
            };
            return Some(lifetime.to_owned());
        }
        match &argument["type"] {
            Value::Null => Some(text(&argument["const"]["expr"]).to_owned()),
            ty => self.ty(ty),
        }
    }

    /// `A + B<C> + 'd`.
    pub(crate) fn bounds(&self, bounds: &Value) -> Option<String> {
        let list = bounds.as_array().into_iter().flatten();
        let bounds = list.filter(|bound| bound["use"].is_null()).map(|bound| {
            if let Some(lifetime) = bound["outlives"].as_str() {
                return Some(lifetime.to_owned());
            }
            let bound = &bound["trait_bound"];
            let maybe = if bound["modifier"] == "maybe" {
                "?"
            } else {
                ""
            };
            let forall = self.forall(&bound["generic_params"]);
            Some(format!("{forall}{maybe}{}", self.path(&bound["trait"])?))
        });
        Some(bounds.collect::<Option<Vec<_>>>()?.join(" + "))
    }

    fn forall(&self, parameters: &Value) -> String {
        let names = parameters.as_array().into_iter().flatten();
        let names: Vec<_> = names.map(|parameter| text(&parameter["name"])).collect();
        match names.as_slice() {
            [] => String::new(),
            names => format!("for<{}> ", names.join(", ")),
        }
    }

    /// The parameters between `<` and `>`, lifetimes and all.
    pub(crate) fn parameters(&self, generics: &Value) -> Option<Vec<String>> {
        let parameters = generics["params"].as_array().into_iter().flatten();
        // Those that the compiler made up stand for an `impl Trait` or a `'_`.
        let parameters = parameters.filter(|parameter| {
            parameter["kind"]["type"]["is_synthetic"] != true && parameter["name"] != "'_"
        });
        let parameters = parameters.map(|parameter| {
            let name = text(&parameter["name"]);
            let kind = &parameter["kind"];
            if let Some(outlives) = kind["lifetime"]["outlives"].as_array() {
                let outlives: Vec<_> = outlives.iter().map(text).collect();
                let colon = if outlives.is_empty() { "" } else { ": " };
                return Some(format!("{name}{colon}{}", outlives.join(" + ")));
            }
            if let Some(ty) = kind.get("const") {
                return Some(format!("const {name}: {}", self.ty(&ty["type"])?));
            }
            let bounds = self.bounds(&kind["type"]["bounds"])?;
            let colon = if bounds.is_empty() { "" } else { ": " };
            Some(format!("{name}{colon}{bounds}"))
        });
        parameters.collect()
    }

    /// What stands after `where`.
    pub(crate) fn conditions(&self, generics: &Value) -> Option<Vec<String>> {
        self.each(&generics["where_predicates"], |condition| {
            let bound = &condition["bound_predicate"];
            if !bound.is_null() {
                let forall = self.forall(&bound["generic_params"]);
                let (ty, bounds) = (self.ty(&bound["type"])?, self.bounds(&bound["bounds"])?);
                return Some(format!("{forall}{ty}: {bounds}"));
            }
            let outlives = &condition["lifetime_predicate"];
            let longer: Vec<_> = outlives["outlives"].as_array()?.iter().map(text).collect();
            Some(format!(
                "{}: {}",
                text(&outlives["lifetime"]),
                longer.join(" + ")
            ))
        })
    }

    pub(crate) fn each(
        &self,
        list: &Value,
        write: impl Fn(&Value) -> Option<String>,
    ) -> Option<Vec<String>> {
        list.as_array().into_iter().flatten().map(write).collect()
    }
}
