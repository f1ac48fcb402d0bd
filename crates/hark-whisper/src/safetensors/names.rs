//! openai-whisper's names of tensors, and Hugging Face's.

/// openai-whisper's name for one of Hugging Face's.
pub(super) fn openai_name(name: &str) -> String {
    const RENAMES: [(&str, &str); 17] = [
        ("layers.", "blocks."),
        ("encoder_attn_layer_norm", "cross_attn_ln"),
        ("encoder_attn.", "cross_attn."),
        ("self_attn_layer_norm", "attn_ln"),
        ("self_attn.", "attn."),
        ("q_proj", "query"),
        ("k_proj", "key"),
        ("v_proj", "value"),
        ("out_proj", "out"),
        ("final_layer_norm", "mlp_ln"),
        ("fc1", "mlp.0"),
        ("fc2", "mlp.2"),
        ("embed_positions.weight", "positional_embedding"),
        ("embed_tokens", "token_embedding"),
        ("encoder.layer_norm", "encoder.ln_post"),
        ("decoder.layer_norm", "decoder.ln"),
        ("model.", ""),
    ];
    RENAMES
        .iter()
        .fold(name.to_owned(), |name, (from, to)| name.replace(from, to))
}

/// Hugging Face's name for one of openai-whisper's.
pub(super) fn hugging_face_name(name: &str) -> String {
    const RENAMES: [(&str, &str); 16] = [
        ("blocks.", "layers."),
        ("cross_attn_ln", "encoder_attn_layer_norm"),
        ("cross_attn.", "encoder_attn."),
        (".attn_ln", ".self_attn_layer_norm"),
        (".attn.", ".self_attn."),
        ("query", "q_proj"),
        ("key", "k_proj"),
        ("value", "v_proj"),
        ("attn.out", "attn.out_proj"),
        ("mlp_ln", "final_layer_norm"),
        ("mlp.0", "fc1"),
        ("mlp.2", "fc2"),
        ("positional_embedding", "embed_positions.weight"),
        ("token_embedding", "embed_tokens"),
        ("encoder.ln_post", "encoder.layer_norm"),
        ("decoder.ln.", "decoder.layer_norm."),
    ];
    let renamed = RENAMES
        .iter()
        .fold(name.to_owned(), |name, (from, to)| name.replace(from, to));
    format!("model.{renamed}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dimensions::Dimensions;

    #[test]
    fn names_are_translated() {
        for (name, expect) in [
            (
                "model.encoder.layers.0.self_attn.q_proj.weight",
                "encoder.blocks.0.attn.query.weight",
            ),
            (
                "model.decoder.layers.5.encoder_attn_layer_norm.bias",
                "decoder.blocks.5.cross_attn_ln.bias",
            ),
            (
                "model.decoder.layers.1.encoder_attn.out_proj.bias",
                "decoder.blocks.1.cross_attn.out.bias",
            ),
            (
                "model.decoder.layers.1.final_layer_norm.bias",
                "decoder.blocks.1.mlp_ln.bias",
            ),
            ("model.encoder.layer_norm.weight", "encoder.ln_post.weight"),
            ("model.decoder.layer_norm.weight", "decoder.ln.weight"),
            (
                "model.decoder.embed_tokens.weight",
                "decoder.token_embedding.weight",
            ),
            (
                "model.encoder.embed_positions.weight",
                "encoder.positional_embedding",
            ),
            ("model.encoder.conv1.bias", "encoder.conv1.bias"),
        ] {
            assert_eq!(openai_name(name), expect);
            assert_eq!(hugging_face_name(expect), name);
        }
    }

    #[test]
    fn every_tensor_has_a_name_and_gets_its_own_back() {
        for (name, _) in Dimensions::BASE.tensors() {
            assert_eq!(openai_name(&hugging_face_name(&name)), name);
        }
    }
}
