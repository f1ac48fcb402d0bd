//! Layers made of candle's matrix product and our own kernels.
//!
//! Sums of large tensors are ours too: candle adds on threads of its own, which no
//! setting of ours bounds and which spin between two sums.

use candle_core::{D, Result, Tensor};

use super::cpu::{AddOp, FewQueriesOp, FewRowsOp, GeluOp, LayerNormOp, ScaleOp, SoftmaxOp};

/// So many rows are few: a decoder's prompt.
const FEW: usize = 4;

/// A product with a weight of `[out, in]`, plus a bias.
///
/// Where there are few rows, the weight is read once, row by row: a general matrix
/// product would first copy all of it into another order.
#[derive(Debug)]
pub(crate) struct Linear {
    /// `[out, in]`
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    /// From a weight of `[out, in]` and a bias of `[out]`.
    pub fn new(weight: &Tensor, bias: Option<Tensor>) -> Result<Self> {
        Ok(Self {
            weight: weight.contiguous()?,
            bias,
        })
    }

    /// `[rows, in]` → `[rows, out]`
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let product = if x.dim(0)? <= FEW {
            x.contiguous()?.apply_op2_no_bwd(&self.weight, &FewRowsOp)?
        } else {
            x.matmul(&self.weight.t()?)?
        };
        match &self.bias {
            Some(bias) => add(product, bias),
            None => Ok(product),
        }
    }
}

/// Layer normalisation over the last dimension.
#[derive(Debug)]
pub(crate) struct LayerNorm {
    /// `[width]`
    pub weight: Tensor,
    /// `[width]`
    pub bias: Tensor,
}

impl LayerNorm {
    /// `[rows, width]` → `[rows, width]`
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.contiguous()?
            .apply_op3_no_bwd(&self.weight, &self.bias, &LayerNormOp)
    }
}

/// Adds a tensor to one that nobody else holds, in place: of the same shape, or a row
/// that is added to every row.
pub(crate) fn add(x: Tensor, y: &Tensor) -> Result<Tensor> {
    x.inplace_op2(y, &AddOp)?;
    Ok(x)
}

/// Multiplies a tensor that nobody else holds, in place.
pub(crate) fn scale(x: Tensor, factor: f32) -> Result<Tensor> {
    x.inplace_op1(&ScaleOp(factor))?;
    Ok(x)
}

/// GELU with the true error function, in place.
pub(crate) fn gelu(x: Tensor) -> Result<Tensor> {
    x.inplace_op1(&GeluOp)?;
    Ok(x)
}

/// Softmax over the last dimension of `[heads, queries, keys]`, in place, once `bias` was
/// added to each row (an empty one is none). With `past`, query `i` sees only the first
/// `past + i + 1` keys.
fn softmax(x: Tensor, past: Option<usize>, bias: &[f32]) -> Result<Tensor> {
    let queries = x.dim(D::Minus2)?;
    let keys = x.dim(D::Minus1)?;
    x.inplace_op1(&SoftmaxOp {
        queries,
        keys,
        past,
        bias,
    })?;
    Ok(x)
}

/// How well keys match queries, plus a key's `bias` (an empty one is none), as shares of
/// 1. With `past`, query `i` sees only the first `past + i + 1` keys.
///
/// `[heads, queries, n]`, `[heads, keys, n]` → `[heads, queries, keys]`
pub(crate) fn weights(
    query: &Tensor,
    key: &Tensor,
    past: Option<usize>,
    bias: &[f32],
) -> Result<Tensor> {
    softmax(query.matmul(&key.t()?)?, past, bias)
}

/// Mixes values by how well their keys match the queries, plus a key's `bias` (an empty
/// one is none). With `past`, query `i` sees only the first `past + i + 1` keys.
///
/// `[heads, queries, n]`, `[heads, keys, n]`, `[heads, keys, n]` → `[heads, queries, n]`
pub(crate) fn attend(
    query: &Tensor,
    key: &Tensor,
    value: &Tensor,
    past: Option<usize>,
    bias: &[f32],
) -> Result<Tensor> {
    if query.dim(1)? <= FEW {
        return query.apply_op3_no_bwd(key, value, &FewQueriesOp { past, bias });
    }
    // Head by head, for the weights of all of them at 30 s are 70 MB.
    let mut mixed = Vec::new();
    for head in 0..query.dim(0)? {
        let of = |all: &Tensor| all.narrow(0, head, 1);
        let weights = weights(&of(query)?, &of(key)?, past, bias)?;
        mixed.push(weights.matmul(&of(value)?)?);
    }
    Tensor::cat(&mixed, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Shape};

    fn tensor(values: &[f32], shape: impl Into<Shape>) -> Tensor {
        Tensor::from_slice(values, shape, &Device::Cpu).unwrap()
    }

    #[test]
    fn a_linear_layer_multiplies_by_rows_of_its_weight() {
        let weight = tensor(&[1.0, 2.0, 3.0, 4.0], (2, 2));
        let linear = Linear::new(&weight, Some(tensor(&[10.0, 20.0], 2))).unwrap();
        let out = linear.forward(&tensor(&[1.0, 1.0], (1, 2))).unwrap();
        assert_eq!(out.to_vec2::<f32>().unwrap(), [[13.0, 27.0]]);
    }

    #[test]
    fn a_query_sees_the_past_and_itself() {
        let scores = tensor(&[0.0; 2 * 2 * 3], (2, 2, 3));
        let out = softmax(scores, Some(1), &[]).unwrap();
        let third = 1.0 / 3.0;
        for head in out.to_vec3::<f32>().unwrap() {
            assert_eq!(head, [[0.5, 0.5, 0.0], [third, third, third]]);
        }
    }

    #[test]
    fn few_rows_and_queries_come_out_as_many_do() {
        let numbers =
            |n: usize, step: f32| -> Vec<f32> { (0..n).map(|i| (i as f32 * step).sin()).collect() };
        let linear = Linear::new(&tensor(&numbers(40 * 33, 0.7), (40, 33)), None).unwrap();
        let x = tensor(&numbers(8 * 33, 0.3), (8, 33));
        let many = linear.forward(&x).unwrap();
        let few = linear.forward(&x.narrow(0, 2, 3).unwrap()).unwrap();
        assert_close(&few, &many.narrow(0, 2, 3).unwrap());

        let key = tensor(&numbers(2 * 9 * 20, 0.9), (2, 9, 20));
        let value = tensor(&numbers(2 * 9 * 20, 1.1), (2, 9, 20));
        let query = tensor(&numbers(2 * 6 * 20, 0.4), (2, 6, 20));
        let bias = numbers(9, 1.3);
        for (past, bias) in [(None, &[][..]), (None, &bias), (Some(3), &[])] {
            let many = attend(&query, &key, &value, past, bias).unwrap();
            let some = query.narrow(1, 1, 4).unwrap();
            let few = attend(&some, &key, &value, past.map(|p| p + 1), bias).unwrap();
            assert_close(&few, &many.narrow(1, 1, 4).unwrap());
        }
    }

    /// A key that stands for three is worth three of it.
    #[test]
    fn a_bias_of_a_logarithm_is_a_number_of_keys() {
        let numbers =
            |n: usize, step: f32| -> Vec<f32> { (0..n).map(|i| (i as f32 * step).sin()).collect() };
        let (key, value) = (numbers(2 * 20, 0.9), numbers(2 * 20, 1.1));
        let of = |rows: &[f32], at: usize| rows[at * 20..][..20].to_vec();
        let thrice = |rows: &[f32]| {
            let rows = [of(rows, 0), of(rows, 1), of(rows, 1), of(rows, 1)].concat();
            tensor(&rows, (1, 4, 20))
        };
        let query = tensor(&numbers(6 * 20, 0.4), (1, 6, 20));
        let bias = [0.0, 3.0_f32.ln()];
        for queries in [2, 6] {
            let query = query.narrow(1, 0, queries).unwrap();
            let (key, value) = (&key, &value);
            let whole = attend(&query, &thrice(key), &thrice(value), None, &[]).unwrap();
            let (key, value) = (tensor(key, (1, 2, 20)), tensor(value, (1, 2, 20)));
            let thin = attend(&query, &key, &value, None, &bias).unwrap();
            assert_close(&thin, &whole);
            assert!(attend(&query, &key, &value, None, &bias[..1]).is_err());
        }
    }

    fn assert_close(a: &Tensor, b: &Tensor) {
        assert_eq!(a.dims(), b.dims());
        let flat = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for (a, b) in flat(a).into_iter().zip(flat(b)) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }

    #[test]
    fn rows_are_normalised_alike_however_many_there_are() {
        let width = 48;
        let norm = LayerNorm {
            weight: Tensor::ones(width, candle_core::DType::F32, &Device::Cpu).unwrap(),
            bias: Tensor::zeros(width, candle_core::DType::F32, &Device::Cpu).unwrap(),
        };
        let row: Vec<f32> = (0..width).map(|i| (i * i) as f32).collect();
        let one = norm.forward(&tensor(&row, (1, width))).unwrap();
        let many = norm
            .forward(&tensor(&row.repeat(1000), (1000, width)))
            .unwrap();
        let one = one.to_vec2::<f32>().unwrap();
        for got in many.to_vec2::<f32>().unwrap() {
            assert_eq!(got, one[0]);
        }
    }

    #[test]
    fn a_row_is_added_to_every_row() {
        let sum = add(tensor(&[1.0; 6], (3, 2)), &tensor(&[1.0, 2.0], 2)).unwrap();
        assert_eq!(sum.to_vec2::<f32>().unwrap(), [[2.0, 3.0]; 3]);
        let sum = add(sum, &tensor(&[1.0; 6], (3, 2))).unwrap();
        assert_eq!(sum.to_vec2::<f32>().unwrap(), [[3.0, 4.0]; 3]);
        let half = scale(sum, 0.5).unwrap();
        assert_eq!(half.to_vec2::<f32>().unwrap(), [[1.5, 2.0]; 3]);
        assert!(add(half, &tensor(&[1.0; 4], 4)).is_err());
    }

    #[test]
    fn what_is_not_contiguous_is_an_error() {
        let x = tensor(&[0.0; 6], (2, 3)).t().unwrap();
        assert!(gelu(x).is_err());
    }
}
