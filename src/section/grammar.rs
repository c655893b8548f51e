//! Definitions as the grammar of a language has them: Rust, Python, JavaScript, TypeScript, Go, Java and C, by tree-sitter.
//!
//! A grammar is forgiving: what a file with mistakes still shows is found. Knows names and lines, nothing of what they mean.

use super::ending;
use std::ops::Range;
use tree_sitter::{Language, Node, Parser};

/// A definition.
pub struct Definition {
    /// Its name, behind the names of what it stands in.
    path: Vec<String>,
    /// Its lines, with what belongs to it and stands directly above: comments, attributes, decorators.
    lines: Range<usize>,
}

impl Definition {
    /// Its name, as a claim writes it.
    pub fn name(&self) -> String {
        self.path.join(".")
    }
}

/// What stands around a definition on its way to the top of the file, and is part of it.
const WRAPPERS: [&str; 11] = [
    "export_statement",
    "decorated_definition",
    "ambient_declaration",
    "lexical_declaration",
    "variable_declaration",
    "field_declaration",
    "type_declaration",
    "const_declaration",
    "var_declaration",
    "expression_statement",
    "type_definition",
];

/// Those in which what is bound is nobody's business outside.
const CALLABLE: [&str; 14] = [
    "function_item",
    "closure_expression",
    "function_definition",
    "lambda",
    "function_declaration",
    "generator_function_declaration",
    "function_expression",
    "arrow_function",
    "method_definition",
    "method_declaration",
    "constructor_declaration",
    "lambda_expression",
    "func_literal",
    "static_initializer",
];

/// What stands above a definition and belongs to it.
const ABOVE: [&str; 5] = ["comment", "line_comment", "block_comment", "attribute_item", "decorator"];

/// The grammar of a file.
fn language(path: &str) -> Option<Language> {
    Some(match ending(path).as_str() {
        "rs" => tree_sitter_rust::LANGUAGE.into(),
        "py" | "pyi" => tree_sitter_python::LANGUAGE.into(),
        "js" | "jsx" | "mjs" | "cjs" => tree_sitter_javascript::LANGUAGE.into(),
        "ts" | "mts" | "cts" => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
        "tsx" => tree_sitter_typescript::LANGUAGE_TSX.into(),
        "go" => tree_sitter_go::LANGUAGE.into(),
        "java" => tree_sitter_java::LANGUAGE.into(),
        "c" | "h" => tree_sitter_c::LANGUAGE.into(),
        _ => return None,
    })
}

/// Every definition of a file, in order; none of a language that is not known here.
pub fn definitions(text: &[u8], path: &str) -> Vec<Definition> {
    let mut parser = Parser::new();
    let Some(language) = language(path).filter(|language| parser.set_language(language).is_ok()) else {
        return Vec::new();
    };
    drop(language);
    let Some(tree) = parser.parse(text, None) else { return Vec::new() };
    let mut found = Vec::new();
    // What the cursor is in: how deep, the name that it adds, whether it is code that is called.
    let mut inside: Vec<(u32, Vec<String>, bool)> = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let (node, depth) = (cursor.node(), cursor.depth());
        while inside.last().is_some_and(|(at, ..)| *at >= depth) {
            inside.pop();
        }
        let is_local = inside.iter().any(|(.., is_callable)| *is_callable);
        let around: Vec<String> = inside.iter().flat_map(|(_, name, _)| name.iter().cloned()).collect();
        let name = name(node, text, is_local);
        if let Some(name) = &name {
            let path = around.iter().chain(name).cloned().collect();
            found.push(Definition { path, lines: extent(node, text) });
        }
        let is_callable = CALLABLE.contains(&node.kind());
        if name.is_some() || is_callable {
            inside.push((depth, name.unwrap_or_default(), is_callable));
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}

/// The lines of the definitions that a name means: those that are the least deep. Ranges in others are left out.
pub fn named(definitions: &[Definition], name: &str) -> Vec<Range<usize>> {
    let parts: Vec<&str> = name.split("::").flat_map(|part| part.split('.')).collect();
    let is_meant = |definition: &&Definition| {
        let path = &definition.path;
        path.len() >= parts.len() && path[path.len() - parts.len()..].iter().zip(&parts).all(|(a, b)| a == b)
    };
    let depth = definitions.iter().filter(is_meant).map(|it| it.path.len()).min().unwrap_or(0);
    let meant = definitions.iter().filter(is_meant).filter(|it| it.path.len() == depth);
    let mut ranges: Vec<Range<usize>> = meant.map(|it| it.lines.clone()).collect();
    ranges.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut apart: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        if apart.last().is_none_or(|last| range.end > last.end) {
            apart.push(range);
        }
    }
    apart
}

fn text_of(node: Node<'_>, text: &[u8]) -> String {
    String::from_utf8_lossy(&text[node.byte_range()]).into_owned()
}

/// The name that a node defines, behind that of the type that it is of, where it says so itself.
fn name(node: Node<'_>, text: &[u8], is_local: bool) -> Option<Vec<String>> {
    let field = |name: &str| node.child_by_field_name(name);
    let one = |node: Option<Node<'_>>| Some(vec![text_of(node?, text)]);
    match node.kind() {
        "function_item"
        | "function_signature_item"
        | "struct_item"
        | "enum_item"
        | "union_item"
        | "trait_item"
        | "mod_item"
        | "type_item"
        | "const_item"
        | "static_item"
        | "macro_definition"
        | "associated_type"
        | "class_definition"
        | "function_declaration"
        | "generator_function_declaration"
        | "function_signature"
        | "class_declaration"
        | "abstract_class_declaration"
        | "interface_declaration"
        | "type_alias_declaration"
        | "enum_declaration"
        | "method_definition"
        | "method_signature"
        | "abstract_method_signature"
        | "internal_module"
        | "module"
        | "public_field_definition"
        | "record_declaration"
        | "annotation_type_declaration"
        | "constructor_declaration"
        | "compact_constructor_declaration"
        | "preproc_def"
        | "preproc_function_def" => one(field("name")),
        "field_definition" => one(field("property")),
        "impl_item" => one(base_of(field("type")?)),
        "struct_specifier" | "enum_specifier" | "union_specifier" => one(field("body").and(field("name"))),
        "function_definition" => match field("name") {
            Some(name) => one(Some(name)),
            None => one(declared(field("declarator")?)),
        },
        "type_definition" => one(declared(field("declarator")?)),
        "method_declaration" => {
            let name = text_of(field("name")?, text);
            let receiver = field("receiver").and_then(receiver);
            Some(receiver.map(|it| text_of(it, text)).into_iter().chain([name]).collect())
        }
        _ if is_local => None,
        "variable_declarator" => one(field("name").filter(|name| name.kind() == "identifier")),
        "type_spec" | "type_alias" | "const_spec" | "var_spec" => one(field("name")),
        "assignment" => one(field("left").filter(|left| left.kind() == "identifier")),
        "declaration" => one(declared(field("declarator")?)),
        _ => None,
    }
}

/// The type that another is made of: `Name` of `path::Name<T>`.
fn base_of(node: Node<'_>) -> Option<Node<'_>> {
    match node.kind() {
        "generic_type" | "reference_type" => base_of(node.child_by_field_name("type")?),
        "scoped_type_identifier" => node.child_by_field_name("name"),
        _ => Some(node),
    }
}

/// The type of a receiver: `T` of `(t *T[K])`.
fn receiver(list: Node<'_>) -> Option<Node<'_>> {
    let mut node = list.named_child(0)?.child_by_field_name("type")?;
    while node.kind() != "type_identifier" {
        node = node.child_by_field_name("type").or_else(|| node.named_child(0))?;
    }
    Some(node)
}

/// The name in the middle of a declarator of C.
fn declared(mut node: Node<'_>) -> Option<Node<'_>> {
    while !node.kind().ends_with("identifier") {
        node = node.child_by_field_name("declarator").or_else(|| node.named_child(0))?;
    }
    Some(node)
}

/// The lines of a definition, with what is part of it around and above.
fn extent(node: Node<'_>, text: &[u8]) -> Range<usize> {
    let mut whole = node;
    while let Some(parent) = whole.parent().filter(|parent| WRAPPERS.contains(&parent.kind())) {
        let is_around =
            matches!(parent.kind(), "export_statement" | "decorated_definition" | "type_definition");
        if !is_around && parent.start_position().row != whole.start_position().row {
            break;
        }
        whole = parent;
    }
    let end = end_of(whole);
    let mut begin = whole.start_position().row;
    let mut above = whole.prev_sibling();
    while let Some(node) = above.filter(|node| ABOVE.contains(&node.kind())) {
        let line = text[..node.start_byte()].rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let own = &text[node.byte_range()];
        let is_of_file = own.starts_with(b"//!") || own.starts_with(b"/*!") || own.starts_with(b"#!");
        let is_apart = end_of(node) < begin || !line.iter().all(u8::is_ascii_whitespace);
        if is_of_file || is_apart {
            break;
        }
        begin = begin.min(node.start_position().row);
        above = node.prev_sibling();
    }
    begin..end
}

/// The line behind a node.
fn end_of(node: Node<'_>) -> usize {
    let end = node.end_position();
    // One that takes its line break with it ends at the beginning of the next line.
    if end.column == 0 && end.row > node.start_position().row { end.row } else { end.row + 1 }
}
