//! Reads one source as tokens: the paths that it names and the attributes that silence lints.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// Words that a path like `::kube::Client` may follow: it doesn't begin with them.
const BEFORE_A_PATH: &[&str] =
    &["as", "break", "dyn", "else", "for", "if", "impl", "in", "match", "mut", "return", "where", "while"];

/// What one file of `src` names.
#[derive(Debug)]
pub(crate) struct Source {
    /// Below `src`, like `plan/rate.rs`.
    pub(crate) file: String,
    pub(crate) paths: Vec<NamedPath>,
    pub(crate) silenced: Vec<Silenced>,
}

/// A path with more than one segment, or a name in a `use`. Groups are unfolded, and what starts with
/// `self` or `super` is told from the crate's root: `["crate", "plan", "Rate"]`.
#[derive(Debug)]
pub(crate) struct NamedPath {
    pub(crate) line: usize,
    pub(crate) segments: Vec<String>,
}

/// One `allow(…)` or `expect(…)` in an attribute.
#[derive(Debug)]
pub(crate) struct Silenced {
    pub(crate) line: usize,
    pub(crate) by: String,
    pub(crate) words: Vec<String>,
}

impl Source {
    pub(crate) fn parse(file: &str, text: &str) -> Result<Self, String> {
        let tokens: TokenStream = text.parse().map_err(|error: proc_macro2::LexError| {
            format!("src/{file}:{}: {error}", error.span().start().line)
        })?;
        let mut source = Self { file: file.to_owned(), paths: Vec::new(), silenced: Vec::new() };
        source.read(tokens, &source.module());
        Ok(source)
    }

    /// The file's module, from the root: `plan/rate.rs` and `plan/rate/mod.rs` are both `["plan", "rate"]`.
    pub(crate) fn module(&self) -> Vec<String> {
        let path = self.file.trim_end_matches(".rs");
        let path = path.strip_suffix("/mod").unwrap_or(path);
        if matches!(path, "lib" | "main") { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
    }

    fn read(&mut self, tokens: TokenStream, module: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = self.read_one(&tokens, at, module);
        }
    }

    /// Reads what starts at `at` and tells where the next thing starts.
    fn read_one(&mut self, tokens: &[TokenTree], at: usize, module: &[String]) -> usize {
        match &tokens[at] {
            TokenTree::Group(group) => self.read(group.stream(), module),
            TokenTree::Punct(hash) if hash.as_char() == '#' => self.read_attribute(&tokens[at + 1..]),
            TokenTree::Ident(word) if word == "mod" => {
                if let [TokenTree::Ident(name), TokenTree::Group(body), ..] = &tokens[at + 1..] {
                    self.read(body.stream(), &[module, &[name.to_string()]].concat());
                    return at + 3;
                }
            }
            TokenTree::Ident(word) if word == "use" && !is_punct(tokens, at + 1, '<') => {
                return self.read_tree(tokens, at + 1, &Tree { module, prefix: &[], in_use: true });
            }
            TokenTree::Ident(word) if word == "extern" && is_word(tokens, at + 1, "crate") => {
                return self.read_tree(tokens, at + 2, &Tree { module, prefix: &[], in_use: true });
            }
            TokenTree::Ident(word) if !BEFORE_A_PATH.contains(&word.to_string().as_str()) => {
                let prefix: &[String] = if follows_a_type(tokens, at) { &["<type>".to_owned()] } else { &[] };
                return self.read_tree(tokens, at, &Tree { module, prefix, in_use: false });
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        at + 1
    }

    /// Reads a path and, in a `use`, the groups that it forks into.
    fn read_tree(&mut self, tokens: &[TokenTree], mut at: usize, tree: &Tree) -> usize {
        let mut segments = tree.prefix.to_vec();
        let mut line = 0;
        if is_path_separator(tokens, at) {
            at += 2;
        }
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && tree.in_use => {
                    self.read_branches(group, &Tree { prefix: &segments, ..*tree });
                    return at + 1;
                }
                TokenTree::Ident(_) => segments.push(token.to_string()),
                TokenTree::Punct(star) if star.as_char() == '*' && tree.in_use => {
                    segments.push("*".to_owned());
                }
                TokenTree::Punct(_) | TokenTree::Group(_) | TokenTree::Literal(_) => break,
            }
            line = token.span().start().line;
            at += 1;
            if !is_path_separator(tokens, at) {
                break;
            }
            at += 2;
        }
        if segments.len() > 1 || tree.in_use {
            self.paths.push(NamedPath { line, segments: from_root(segments, tree.module) });
        }
        at
    }

    fn read_branches(&mut self, group: &Group, tree: &Tree) {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        for branch in tokens.split(|token| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ','))
        {
            if !branch.is_empty() {
                self.read_tree(branch, 0, tree);
            }
        }
    }

    /// Notes `allow(…)` and `expect(…)`, also inside `cfg_attr(…)`. The attribute's paths are read as any other.
    fn read_attribute(&mut self, after_hash: &[TokenTree]) {
        let after_bang = usize::from(is_punct(after_hash, 0, '!'));
        if let Some(TokenTree::Group(group)) = after_hash.get(after_bang)
            && group.delimiter() == Delimiter::Bracket
        {
            self.read_silenced(group.stream());
        }
    }

    fn read_silenced(&mut self, attribute: TokenStream) {
        let tokens: Vec<TokenTree> = attribute.into_iter().collect();
        for pair in tokens.windows(2) {
            let [TokenTree::Ident(word), TokenTree::Group(group)] = pair else { continue };
            if word == "allow" || word == "expect" {
                let words = group.stream().into_iter().filter(|token| matches!(token, TokenTree::Ident(_)));
                let words = words.map(|token| token.to_string()).collect();
                self.silenced.push(Silenced { line: word.span().start().line, by: word.to_string(), words });
            } else if word == "cfg_attr" {
                self.read_silenced(group.stream());
            }
        }
    }
}

/// Where a path stands: in which module, behind which segments, in a `use` or in an expression.
struct Tree<'a> {
    module: &'a [String],
    prefix: &'a [String],
    in_use: bool,
}

/// `super::x` in `crate::plan::rate` becomes `crate::plan::x`. The binary calls the root by the library's name.
fn from_root(segments: Vec<String>, module: &[String]) -> Vec<String> {
    let root = || "crate".to_owned();
    match segments[0].as_str() {
        "loadgate" => std::iter::once(root()).chain(segments.into_iter().skip(1)).collect(),
        "self" | "super" => {
            let up = segments.iter().filter(|segment| *segment == "super").count();
            let base = &module[..module.len().saturating_sub(up)];
            let rest = segments.into_iter().skip_while(|segment| segment == "self" || segment == "super");
            std::iter::once(root()).chain(base.iter().cloned()).chain(rest).collect()
        }
        _ => segments,
    }
}

fn is_punct(tokens: &[TokenTree], at: usize, sign: char) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

fn is_word(tokens: &[TokenTree], at: usize, expected: &str) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Ident(word)) if word == expected)
}

fn is_path_separator(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens, at, ':') && is_punct(tokens, at + 1, ':')
}

/// In `<A as B>::kube` the last word is a name of the type's, not a crate.
fn follows_a_type(tokens: &[TokenTree], at: usize) -> bool {
    at >= 3 && is_path_separator(tokens, at - 2) && is_punct(tokens, at - 3, '>')
}
