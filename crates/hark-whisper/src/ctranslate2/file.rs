//! What a `model.bin` says it holds, held against what it has. It is believed nothing:
//! every length is compared with what is left of the file before memory is taken.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

use crate::Error;

/// CTranslate2's binary version since 2020; Whisper came later.
const VERSION: u32 = 6;
const SPEC: &str = "WhisperSpec";
/// More dimensions than any variable has.
const MOST_DIMENSIONS: u8 = 4;

/// Whether a file's first bytes are those of some `model.bin`.
pub(crate) fn is_one(content: &[u8]) -> bool {
    // A small version, then a name that says of which kind the model is.
    let version = content
        .first_chunk()
        .map(|bytes| u32::from_le_bytes(*bytes));
    version.is_some_and(|v| (1..=64).contains(&v))
        && content.get(4..6).is_some_and(|length| length[1] == 0)
        && content.get(6).is_some_and(u8::is_ascii_alphabetic)
}

/// The variables of a file, by name.
pub(super) struct File<'a> {
    pub path: &'a Path,
    pub content: &'a [u8],
    variables: BTreeMap<String, Variable>,
    aliases: BTreeMap<String, String>,
}

/// A variable: where it is, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variable {
    /// Outermost dimension first; none: a single number.
    pub shape: Vec<usize>,
    pub kind: Kind,
    pub bytes: Range<usize>,
}

/// A type of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    F32,
    I8,
    I16,
    I32,
    F16,
    Bf16,
}

impl Kind {
    fn of(number: u8) -> Option<Self> {
        let all = [
            Self::F32,
            Self::I8,
            Self::I16,
            Self::I32,
            Self::F16,
            Self::Bf16,
        ];
        all.get(usize::from(number)).copied()
    }

    /// Bytes of one number.
    pub fn size(self) -> usize {
        match self {
            Self::I8 => 1,
            Self::I16 | Self::F16 | Self::Bf16 => 2,
            Self::F32 | Self::I32 => 4,
        }
    }
}

impl<'a> File<'a> {
    /// Finds every variable.
    pub fn parse(path: &'a Path, content: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader {
            path,
            content,
            at: 0,
        };
        reader.head()?;
        let mut variables = BTreeMap::new();
        for _ in 0..reader.u32("the number of variables")? {
            let (name, variable) = reader.variable()?;
            if variables.insert(name.clone(), variable).is_some() {
                return Err(wrong(path, &name, "it is there twice"));
            }
        }
        let mut aliases = BTreeMap::new();
        for _ in 0..reader.u32("the number of aliases")? {
            let (alias, name) = (reader.text("an alias")?, reader.text("an alias")?);
            if !variables.contains_key(&name) {
                let reason = format!("it is said to be {name}, which is not there");
                return Err(wrong(path, &alias, reason));
            }
            if variables.contains_key(&alias) || aliases.insert(alias.clone(), name).is_some() {
                return Err(wrong(path, &alias, "it is there twice"));
            }
        }
        let left = content.len() - reader.at;
        if left > 0 {
            let reason = format!("{left} bytes follow it; get the file again");
            return Err(Error::field(path, "the end", reason));
        }
        Ok(Self {
            path,
            content,
            variables,
            aliases,
        })
    }

    /// A variable by its name or its other name.
    pub fn find(&self, name: &str) -> Option<&Variable> {
        let name = self.aliases.get(name).map_or(name, String::as_str);
        self.variables.get(name)
    }

    /// A variable that has to be there.
    pub fn variable(&self, name: &str) -> Result<&Variable, Error> {
        self.find(name).ok_or_else(|| Error::MissingTensor {
            path: self.path.to_owned(),
            tensor: name.to_owned(),
        })
    }

    /// A single whole number.
    pub fn number(&self, name: &str) -> Result<usize, Error> {
        let variable = self.variable(name)?;
        let bytes = &self.content[variable.bytes.clone()];
        let number = match (variable.kind, bytes) {
            (Kind::I8, &[a]) => i32::from(a as i8),
            (Kind::I16, &[a, b]) => i32::from(i16::from_le_bytes([a, b])),
            (Kind::I32, &[a, b, c, d]) => i32::from_le_bytes([a, b, c, d]),
            _ => return Err(wrong(self.path, name, "it is not a single whole number")),
        };
        usize::try_from(number).map_err(|_| wrong(self.path, name, format!("{number} is negative")))
    }

    /// A variable with more than one number that is not among `used`.
    pub fn unused(&self, used: &BTreeSet<String>) -> Option<&str> {
        let real = |name: &String| self.aliases.get(name).unwrap_or(name).clone();
        let used: BTreeSet<String> = used.iter().map(real).collect();
        let left = self.variables.iter().filter(|(_, v)| !v.shape.is_empty());
        let mut names = left.map(|(name, _)| name.as_str());
        names.find(|name| !used.contains(*name))
    }
}

/// A variable that is not as it should be.
pub(super) fn wrong(path: &Path, name: &str, reason: impl Into<String>) -> Error {
    Error::field(path, format!("variable {name}"), reason)
}

/// What was read of a file so far.
struct Reader<'a> {
    path: &'a Path,
    content: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn head(&mut self) -> Result<(), Error> {
        let version = self.u32("the version")?;
        if version != VERSION {
            let reason = format!(
                "{version} is another version of CTranslate2's format than {VERSION}; convert the \
                 model again with ct2-transformers-converter"
            );
            return Err(Error::field(self.path, "the version", reason));
        }
        let spec = self.text("the kind of model")?;
        if spec != SPEC {
            let reason = format!("`{spec}` is another architecture; expected `{SPEC}`");
            return Err(Error::field(self.path, "the kind of model", reason));
        }
        // The layout's revision: names that differ are missed when they are asked for.
        self.u32("the revision")?;
        Ok(())
    }

    fn variable(&mut self) -> Result<(String, Variable), Error> {
        let name = self.text("a variable's name")?;
        let field = format!("variable {name}");
        let rank = self.bytes(&field, 1)?[0];
        if rank > MOST_DIMENSIONS {
            let reason = format!("{rank} dimensions are more than {MOST_DIMENSIONS}");
            return Err(wrong(self.path, &name, reason));
        }
        let mut shape = Vec::with_capacity(usize::from(rank));
        for _ in 0..rank {
            shape.push(self.u32(&field)? as usize);
        }
        let number = self.bytes(&field, 1)?[0];
        let Some(kind) = Kind::of(number) else {
            let reason = format!(
                "its type {number} is not one of f32, int8, int16, int32, f16, bf16 (0 to 5)"
            );
            return Err(wrong(self.path, &name, reason));
        };
        let length = self.u32(&field)? as usize;
        let expected = shape
            .iter()
            .try_fold(kind.size(), |n, &dim| n.checked_mul(dim));
        if expected != Some(length) {
            let reason = format!("its shape {shape:?} does not make its {length} bytes");
            return Err(wrong(self.path, &name, reason));
        }
        let start = self.at;
        self.bytes(&field, length)?;
        let bytes = start..self.at;
        Ok((name, Variable { shape, kind, bytes }))
    }

    /// A text: its length with the final NUL, and its bytes.
    fn text(&mut self, field: &str) -> Result<String, Error> {
        let length = self.bytes(field, 2)?;
        let length = usize::from(u16::from_le_bytes([length[0], length[1]]));
        let bytes = self.bytes(field, length)?;
        let text = match bytes {
            [text @ .., 0] if !text.contains(&0) => std::str::from_utf8(text).ok(),
            _ => None,
        };
        let reason = "it is no text that ends with a NUL; get the file again";
        let text = text.ok_or_else(|| Error::field(self.path, field, reason))?;
        Ok(text.to_owned())
    }

    fn u32(&mut self, field: &str) -> Result<u32, Error> {
        let bytes = self.bytes(field, 4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn bytes(&mut self, field: &str, length: usize) -> Result<&'a [u8], Error> {
        let rest = &self.content[self.at..];
        let Some(bytes) = rest.get(..length) else {
            return Err(Error::Truncated {
                path: self.path.to_owned(),
                field: field.to_owned(),
                needed: length as u64,
                left: rest.len() as u64,
            });
        };
        self.at += length;
        Ok(bytes)
    }
}
