//! Finds items in Rust source by parsing it.

use std::ops::Range;

use syn::spanned::Spanned;
use syn::{ImplItem, Item, TraitItem};

/// The line ranges of the items called `name`: `sleep`, `Task`, `impl Task`, `impl Drop for Task`,
/// `Task::cancel`. Modules are looked into.
pub(super) fn items(text: &str, name: &str) -> syn::Result<Vec<Range<usize>>> {
    let file = syn::parse_file(text)?;
    let mut search = Search { name: spaceless(name), found: Vec::new() };
    search.items(&file.items);
    Ok(search.found)
}

struct Search {
    name: String,
    found: Vec<Range<usize>>,
}

impl Search {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            self.item(item);
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Fn(function) => {
                self.offer(&function.sig.ident.to_string(), item);
            }
            Item::Impl(block) => {
                let of = spaceless(&type_name(&block.self_ty));
                let trait_name = block.trait_.as_ref().map(|(path, _)| last_segment(path));
                let whole = match &trait_name {
                    Some(name) => format!("impl{name}for{of}"),
                    None => format!("impl{of}"),
                };
                self.offer(&whole, item);
                for member in &block.items {
                    self.impl_member(&of, member);
                }
            }
            Item::Trait(block) => {
                let of = block.ident.to_string();
                self.offer(&of, item);
                for member in &block.items {
                    if let TraitItem::Fn(function) = member {
                        self.offer(&format!("{of}::{}", function.sig.ident), member);
                    }
                }
            }
            Item::Mod(module) => {
                self.offer(&format!("mod{}", module.ident), item);
                if let Some((_, items)) = &module.content {
                    self.items(items);
                }
            }
            Item::Macro(rules) => {
                if let Some(ident) = &rules.ident {
                    self.offer(&ident.to_string(), item);
                }
            }
            Item::Struct(it) => self.offer(&it.ident.to_string(), item),
            Item::Enum(it) => self.offer(&it.ident.to_string(), item),
            Item::Const(it) => self.offer(&it.ident.to_string(), item),
            Item::Static(it) => self.offer(&it.ident.to_string(), item),
            Item::Type(it) => self.offer(&it.ident.to_string(), item),
            _ => {}
        }
    }

    fn impl_member(&mut self, of: &str, member: &ImplItem) {
        match member {
            ImplItem::Fn(function) => {
                let name = format!("{of}::{}", function.sig.ident);
                self.offer(&name, member);
            }
            ImplItem::Const(constant) => {
                self.offer(&format!("{of}::{}", constant.ident), member);
            }
            _ => {}
        }
    }

    /// Takes `item` if it has the name that is looked for.
    fn offer(&mut self, name: &str, item: &impl Spanned) {
        if name != self.name {
            return;
        }
        let span = item.span();
        self.found.push(span.start().line - 1..span.end().line);
    }
}

/// `Task` in `Task<T>`.
fn type_name(of: &syn::Type) -> String {
    match of {
        syn::Type::Path(path) => last_segment(&path.path),
        syn::Type::Reference(reference) => type_name(&reference.elem),
        _ => String::new(),
    }
}

fn last_segment(path: &syn::Path) -> String {
    path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
}

fn spaceless(name: &str) -> String {
    name.split_whitespace().collect()
}
