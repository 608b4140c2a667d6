//! One file: text → what matters of it, as plain data.

mod attributes;
mod depth;
mod parse;
mod passed;
mod returns;
mod uses;
mod visit;

use serde::Serialize;

pub(crate) use attributes::STATES;
pub(crate) use depth::STACK;

/// Names joined by `::`.
pub(crate) type Segments = Vec<String>;

/// Where something stands in a file. Lines and columns count from 1, columns in characters; the end is behind the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Region {
    /// The first line.
    pub line: usize,
    /// The first column.
    pub column: usize,
    /// The last line.
    pub end_line: usize,
    /// The column behind the last.
    pub end_column: usize,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub(crate) functions: Vec<Function>,
    pub(crate) passed: Vec<Passed>,
    pub(crate) imports: Vec<Import>,
    /// The modules that the file holds itself.
    pub(crate) inline: Vec<Segments>,
    /// The modules that it says are in other files.
    pub(crate) declared: Vec<Declared>,
}

/// A function with a body whose call makes a future.
#[derive(Debug)]
pub(crate) struct Function {
    /// The modules in the file that it stands in.
    pub(crate) module: Segments,
    /// The type, trait or functions around it.
    pub(crate) owner: Segments,
    pub(crate) name: String,
    /// The region of its name.
    pub(crate) region: Region,
    /// Not `async`: it returns a future.
    pub(crate) returns_future: bool,
    /// Whether it is a method or associated.
    pub(crate) associated: bool,
    /// Whether it can be seen outside of its module.
    pub(crate) visible: bool,
    /// The paths of its attributes, as they are written.
    pub(crate) attributes: Vec<Segments>,
    /// The trait that it implements, as it is written.
    pub(crate) implements: Option<Segments>,
    pub(crate) test: bool,
}

/// A name that is an argument of a call.
#[derive(Debug)]
pub(crate) struct Passed {
    pub(crate) module: Segments,
    pub(crate) owner: Segments,
    /// As it is written, though with the type's name for `Self`.
    pub(crate) path: Segments,
    pub(crate) callee: Callee,
    pub(crate) argument: usize,
    pub(crate) line: usize,
    pub(crate) test: bool,
}

/// What is called.
#[derive(Debug, Clone)]
pub(crate) enum Callee {
    Method(String),
    Function(Segments),
}

impl Callee {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Method(name) => name,
            Self::Function(path) => path.last().map_or("", String::as_str),
        }
    }
}

/// A `use`.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) module: Segments,
    /// The name that it brings; `None` brings all.
    pub(crate) name: Option<String>,
    pub(crate) path: Segments,
}

/// `mod x;`
#[derive(Debug)]
pub(crate) struct Declared {
    /// The modules in the file that it stands in.
    pub(crate) inside: Vec<Level>,
    pub(crate) level: Level,
    pub(crate) line: usize,
    /// Under `#[cfg(…)]`: the file may be absent.
    pub(crate) conditional: bool,
    pub(crate) test: bool,
}

/// One module: its name, and where its `#[path]`s say that it is.
#[derive(Debug, Clone)]
pub(crate) struct Level {
    pub(crate) name: String,
    pub(crate) paths: Vec<String>,
}

/// Why a text cannot be scanned.
#[derive(Debug)]
pub(crate) struct Unparsed {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) why: String,
    pub(crate) too_deep: bool,
}

/// # Errors
/// The text is not Rust, or nested deeper than the parser's stack allows.
pub(crate) fn scan(text: &str) -> Result<Scan, Unparsed> {
    let file = parse::parse(text)?;
    let scan = visit::visit(&file);
    drop(file);
    // Else the text of every file is kept until the thread ends; no span outlives its file.
    proc_macro2::extra::invalidate_current_thread_spans();
    Ok(scan)
}
