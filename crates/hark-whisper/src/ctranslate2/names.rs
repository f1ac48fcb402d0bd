//! Where CTranslate2 keeps what openai-whisper calls otherwise.

/// A place in a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The variable's name.
    pub variable: String,
    /// Which part of it, counted from 0.
    pub part: usize,
    /// Of how many parts, stacked by rows.
    pub of: usize,
}

/// The place of one of openai-whisper's tensors.
pub(super) fn place(name: &str) -> Option<Place> {
    let (layer, leaf) = name.rsplit_once('.')?;
    let whole = |variable: String| Place {
        variable,
        part: 0,
        of: 1,
    };
    match name {
        "encoder.positional_embedding" => {
            return Some(whole("encoder/position_encodings/encodings".to_owned()));
        }
        "decoder.positional_embedding" => {
            return Some(whole("decoder/position_encodings/encodings".to_owned()));
        }
        _ => {}
    }
    let fixed = match layer {
        "encoder.conv1" => Some("encoder/conv1"),
        "encoder.conv2" => Some("encoder/conv2"),
        "decoder.token_embedding" => Some("decoder/embeddings"),
        _ => None,
    };
    if let Some(fixed) = fixed {
        return Some(whole(format!("{fixed}/{leaf}")));
    }
    let norm = |prefix: &str| {
        let leaf = if leaf == "weight" { "gamma" } else { "beta" };
        whole(format!("{prefix}/layer_norm/{leaf}"))
    };
    if layer == "encoder.ln_post" || layer == "decoder.ln" {
        return Some(norm(&layer[..7]));
    }
    let (side, block) = layer.split_once(".blocks.")?;
    let (number, part) = block.split_once('.')?;
    let prefix = format!("{side}/layer_{number}");
    let linear = |at: &str, part, of| Place {
        variable: format!("{prefix}/{at}/{leaf}"),
        part,
        of,
    };
    Some(match part {
        "attn.query" => linear("self_attention/linear_0", 0, 3),
        "attn.key" => linear("self_attention/linear_0", 1, 3),
        "attn.value" => linear("self_attention/linear_0", 2, 3),
        "attn.out" => linear("self_attention/linear_1", 0, 1),
        "attn_ln" => norm(&format!("{prefix}/self_attention")),
        "cross_attn.query" => linear("attention/linear_0", 0, 1),
        "cross_attn.key" => linear("attention/linear_1", 0, 2),
        "cross_attn.value" => linear("attention/linear_1", 1, 2),
        "cross_attn.out" => linear("attention/linear_2", 0, 1),
        "cross_attn_ln" => norm(&format!("{prefix}/attention")),
        "mlp.0" => linear("ffn/linear_0", 0, 1),
        "mlp.2" => linear("ffn/linear_1", 0, 1),
        "mlp_ln" => norm(&format!("{prefix}/ffn")),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dimensions;

    #[test]
    fn tensors_have_places() {
        for (name, variable, part, of) in [
            ("encoder.conv1.bias", "encoder/conv1/bias", 0, 1),
            ("encoder.ln_post.weight", "encoder/layer_norm/gamma", 0, 1),
            ("decoder.ln.bias", "decoder/layer_norm/beta", 0, 1),
            (
                "decoder.blocks.11.cross_attn.value.bias",
                "decoder/layer_11/attention/linear_1/bias",
                1,
                2,
            ),
            (
                "encoder.blocks.0.attn.key.weight",
                "encoder/layer_0/self_attention/linear_0/weight",
                1,
                3,
            ),
            (
                "encoder.blocks.0.mlp_ln.bias",
                "encoder/layer_0/ffn/layer_norm/beta",
                0,
                1,
            ),
        ] {
            let variable = variable.to_owned();
            assert_eq!(place(name), Some(Place { variable, part, of }), "{name}");
        }
        assert_eq!(place("bert.pooler.weight"), None);
    }

    #[test]
    fn every_tensor_has_a_place_of_its_own() {
        let mut places = std::collections::HashSet::new();
        for (name, _) in Dimensions::BASE.tensors() {
            let place = place(&name).unwrap_or_else(|| panic!("{name} has no place"));
            assert!(places.insert((place.variable, place.part)), "{name}");
        }
    }
}
