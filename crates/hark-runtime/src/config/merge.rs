//! Layers into one typed value.

use figment::error::{Actual, Kind};
use figment::value::{Dict, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::layers::{Layer, Layers, Origin};
use crate::Error;

/// Reads the settings: the defaults of `T`, overlaid by each layer in turn.
///
/// # Errors
/// [`Error::Read`], [`Error::Syntax`], [`Error::UnknownKey`] or [`Error::Value`]: each
/// names the file, variable or flag.
pub fn load<T>(layers: &Layers) -> Result<T, Error>
where
    T: Serialize + DeserializeOwned + Default,
{
    let mut layers = layers.read()?;
    let defaults = Value::serialize(T::default()).map_err(|e| Error::Print(e.to_string()))?;
    // A variable has no type: `1234` may be a number or a text. It is taken for what it
    // looks like, and if that does not fit, for a text; so at most one more try each.
    loop {
        let error = match overlaid(&defaults, &layers).deserialize::<T>() {
            Ok(config) => return Ok(config),
            Err(error) => error,
        };
        let giver = giver(&layers, &error.path);
        let as_text = giver.and_then(|i| layers[i].raw.take().map(|raw| (i, raw)));
        match as_text {
            Some((i, raw)) if !matches!(error.kind, Kind::UnknownField(..)) => {
                set_leaf(&mut layers[i].values, &raw);
                if overlaid(&defaults, &layers)
                    .deserialize::<T>()
                    .is_err_and(|e| e.path == error.path)
                {
                    return Err(explain(&layers, error));
                }
            }
            _ => return Err(explain(&layers, error)),
        }
    }
}

fn overlaid(defaults: &Value, layers: &[Layer]) -> Value {
    let mut merged = defaults.clone();
    for layer in layers {
        overlay(&mut merged, &Value::from(layer.values.clone()));
    }
    merged
}

fn overlay(base: &mut Value, top: &Value) {
    match (base, top) {
        (Value::Dict(_, base), Value::Dict(_, top)) => {
            for (key, value) in top {
                match base.get_mut(key) {
                    Some(below) => overlay(below, value),
                    None => drop(base.insert(key.clone(), value.clone())),
                }
            }
        }
        (base, top) => *base = top.clone(),
    }
}

/// The highest layer that gives the setting at `path`.
fn giver(layers: &[Layer], path: &[String]) -> Option<usize> {
    (!path.is_empty())
        .then(|| layers.iter().rposition(|l| l.gives(path)))
        .flatten()
}

fn set_leaf(dict: &mut Dict, text: &str) {
    for value in dict.values_mut() {
        match value {
            Value::Dict(_, inner) => set_leaf(inner, text),
            leaf => *leaf = Value::from(text),
        }
    }
}

fn explain(layers: &[Layer], error: figment::Error) -> Error {
    let mut path = error.path;
    if let Kind::UnknownField(name, _) = &error.kind
        && path.last() != Some(name)
    {
        path.push(name.clone());
    }
    let origin = giver(layers, &path).map_or(Origin::Default, |i| layers[i].origin.clone());
    let key = path.join(".");
    match error.kind {
        Kind::UnknownField(_, []) => Error::UnknownKey {
            origin,
            key,
            known: "nothing".to_owned(),
        },
        Kind::UnknownField(_, known) => Error::UnknownKey {
            origin,
            key,
            known: known.join(", "),
        },
        kind => Error::Value {
            origin,
            key,
            message: describe(&kind),
        },
    }
}

fn describe(kind: &Kind) -> String {
    match kind {
        Kind::InvalidType(got, want) | Kind::InvalidValue(got, want) => {
            format!("should be {}, not {}", wanted(want), given(got))
        }
        Kind::UnknownVariant(got, known) => {
            format!("should be one of {}, not \"{got}\"", known.join(", "))
        }
        Kind::MissingField(name) => format!("lacks `{name}`"),
        Kind::ISizeOutOfRange(n) => format!("can't be {n}: out of range"),
        Kind::USizeOutOfRange(n) => format!("can't be {n}: out of range"),
        kind => format!("can't be used: {kind}"),
    }
}

/// What a setting should be, without Rust's names for it.
fn wanted(want: &str) -> String {
    match want {
        "u8" => "a whole number from 0 to 255".to_owned(),
        "u16" => "a whole number from 0 to 65535".to_owned(),
        "u32" | "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        want if want.starts_with("struct ") => "a section with keys".to_owned(),
        want => want.to_owned(),
    }
}

fn given(got: &Actual) -> String {
    match got {
        Actual::Bool(b) => b.to_string(),
        Actual::Unsigned(n) => n.to_string(),
        Actual::Signed(n) => n.to_string(),
        Actual::Float(n) => n.to_string(),
        Actual::Str(text) => format!("\"{text}\""),
        Actual::Map => "a section".to_owned(),
        Actual::Seq => "a list".to_owned(),
        got => got.to_string(),
    }
}
