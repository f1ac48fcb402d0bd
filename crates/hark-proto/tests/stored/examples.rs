//! Examples of any message with every field set, made from its descriptor: the same
//! each time, and no two fields of a message alike.

use std::collections::HashMap;

use prost_reflect::prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value,
};

/// Every message of ours, nested ones included, map entries not.
pub fn messages(pool: &DescriptorPool) -> Vec<MessageDescriptor> {
    pool.all_messages()
        .filter(|m| m.package_name().starts_with("hark.") && !m.is_map_entry())
        .collect()
}

/// Encoded examples that between them have every field, one for each variant of the
/// oneof that has the most.
pub fn of(descriptor: &MessageDescriptor) -> Vec<Vec<u8>> {
    let variants = real_oneofs(descriptor).map(|o| o.fields().len());
    let count = variants.max().unwrap_or(1);
    (0..count)
        .map(|i| example(descriptor, i).encode_to_vec())
        .collect()
}

fn example(descriptor: &MessageDescriptor, variant: usize) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        if chosen(&field, variant) {
            message.set_field(&field, value(&field));
        }
    }
    message
}

fn chosen(field: &FieldDescriptor, variant: usize) -> bool {
    let Some(oneof) = field.containing_oneof().filter(|o| !o.is_synthetic()) else {
        return true;
    };
    let fields: Vec<_> = oneof.fields().collect();
    fields[variant % fields.len()] == *field
}

fn real_oneofs(
    descriptor: &MessageDescriptor,
) -> impl Iterator<Item = prost_reflect::OneofDescriptor> {
    descriptor.oneofs().filter(|o| !o.is_synthetic())
}

fn value(field: &FieldDescriptor) -> Value {
    if field.is_map() {
        let entry = (
            MapKey::String("key".to_owned()),
            Value::String("value".to_owned()),
        );
        return Value::Map(HashMap::from([entry]));
    }
    if field.is_list() {
        return Value::List(vec![single(field)]);
    }
    single(field)
}

fn single(field: &FieldDescriptor) -> Value {
    let number = field.number();
    match field.kind() {
        Kind::Bool => Value::Bool(true),
        Kind::String => Value::String(field.name().to_owned()),
        Kind::Bytes => Value::Bytes(vec![0, 255, number as u8].into()),
        Kind::Double => Value::F64(f64::from(number) + 0.5),
        Kind::Float => Value::F32(number as f32 + 0.5),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(1_000 + number),
        Kind::Uint64 | Kind::Fixed64 => Value::U64((1 << 40) + u64::from(number)),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(1_000 + number as i32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64((1 << 40) + i64::from(number)),
        Kind::Enum(of) => Value::EnumNumber(of.values().map(|v| v.number()).max().unwrap()),
        Kind::Message(of) => Value::Message(example(&of, 0)),
    }
}
