//! Layers made of candle's matrix product and our own kernels.

use candle_core::{
    CpuStorage, CustomOp2, CustomOp3, D, InplaceOp1, Layout, Result, Shape, Tensor, bail,
};
use rayon::prelude::*;

use super::kernels;

/// So many rows are few: a decoder's prompt.
const FEW: usize = 4;
/// Below so many values another thread costs more than it helps.
const WORTH_SHARING: usize = 16_384;

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
            Some(bias) => product.broadcast_add(bias),
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

/// GELU with the true error function, in place.
pub(crate) fn gelu(x: Tensor) -> Result<Tensor> {
    x.inplace_op1(&GeluOp)?;
    Ok(x)
}

/// Softmax over the last dimension of `[heads, queries, keys]`, in place. With
/// `past`, query `i` sees only the first `past + i + 1` keys.
fn softmax(x: Tensor, past: Option<usize>) -> Result<Tensor> {
    let queries = x.dim(D::Minus2)?;
    let keys = x.dim(D::Minus1)?;
    x.inplace_op1(&SoftmaxOp {
        queries,
        keys,
        past,
    })?;
    Ok(x)
}

/// Mixes values by how well their keys match the queries. With `past`, query `i` sees
/// only the first `past + i + 1` keys.
///
/// `[heads, queries, n]`, `[heads, keys, n]`, `[heads, keys, n]` → `[heads, queries, n]`
pub(crate) fn attend(
    query: &Tensor,
    key: &Tensor,
    value: &Tensor,
    past: Option<usize>,
) -> Result<Tensor> {
    if query.dim(1)? <= FEW {
        return query.apply_op3_no_bwd(key, value, &FewQueriesOp { past });
    }
    // Head by head, for the weights of all of them at 30 s are 70 MB.
    let mut mixed = Vec::new();
    for head in 0..query.dim(0)? {
        let of = |all: &Tensor| all.narrow(0, head, 1);
        let weights = softmax(of(query)?.matmul(&of(key)?.t()?)?, past)?;
        mixed.push(weights.matmul(&of(value)?)?);
    }
    Tensor::cat(&mixed, 0)
}

struct FewRowsOp;

impl CustomOp2 for FewRowsOp {
    fn name(&self) -> &'static str {
        "few-rows-product"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (rows, width) = x_layout.shape().dims2()?;
        let x = values(x, x_layout)?;
        let weight = values(weight, weight_layout)?;
        let n_out = weight.len() / width;
        let at_once = WORTH_SHARING.div_ceil(width);
        let mut out = vec![0.0; rows * n_out];
        for (row, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(n_out)) {
            out.par_chunks_mut(at_once)
                .zip(weight.par_chunks(at_once * width))
                .for_each(|(out, weight)| {
                    for (out, weight) in out.iter_mut().zip(weight.chunks_exact(width)) {
                        *out = kernels::dot(row, weight);
                    }
                });
        }
        Ok((CpuStorage::F32(out), (rows, n_out).into()))
    }
}

struct FewQueriesOp {
    past: Option<usize>,
}

impl CustomOp3 for FewQueriesOp {
    fn name(&self) -> &'static str {
        "few-queries-attention"
    }

    fn cpu_fwd(
        &self,
        query: &CpuStorage,
        query_layout: &Layout,
        key: &CpuStorage,
        key_layout: &Layout,
        value: &CpuStorage,
        value_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (heads, queries, width) = query_layout.shape().dims3()?;
        let query = Rows::of(query, query_layout)?;
        let key = Rows::of(key, key_layout)?;
        let value = Rows::of(value, value_layout)?;
        let mut out = vec![0.0; heads * queries * width];
        out.par_chunks_mut(queries * width)
            .enumerate()
            .for_each(|(head, out)| {
                let mut weights = vec![0.0; key.rows];
                for (i, out) in out.chunks_exact_mut(width).enumerate() {
                    let query = query.row(head, i);
                    for (at, weight) in weights.iter_mut().enumerate() {
                        *weight = kernels::dot(query, key.row(head, at));
                    }
                    let valid = self.past.map_or(key.rows, |past| past + i + 1);
                    kernels::softmax(&mut weights, valid.min(key.rows));
                    for (at, &weight) in weights.iter().enumerate() {
                        kernels::add_scaled(out, value.row(head, at), weight);
                    }
                }
            });
        Ok((CpuStorage::F32(out), (heads, queries, width).into()))
    }
}

/// The rows of `[heads, rows, width]`, wherever they lie, each in one piece.
struct Rows<'a> {
    values: &'a [f32],
    rows: usize,
    width: usize,
    /// From one head to the next, and from one row to the next.
    strides: [usize; 2],
}

impl<'a> Rows<'a> {
    fn of(storage: &'a CpuStorage, layout: &Layout) -> Result<Self> {
        let (_, rows, width) = layout.shape().dims3()?;
        match (storage, layout.stride()) {
            (CpuStorage::F32(values), &[head, row, 1]) => Ok(Self {
                values: &values[layout.start_offset()..],
                rows,
                width,
                strides: [head, row],
            }),
            _ => bail!("the values are not rows of single-precision ones"),
        }
    }

    fn row(&self, head: usize, at: usize) -> &'a [f32] {
        &self.values[head * self.strides[0] + at * self.strides[1]..][..self.width]
    }
}

struct LayerNormOp;

impl CustomOp3 for LayerNormOp {
    fn name(&self) -> &'static str {
        "layer-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let x = values(x, x_layout)?;
        let weight = values(weight, weight_layout)?;
        let bias = values(bias, bias_layout)?;
        let mut out = vec![0.0; x.len()];
        let rows_at_once = WORTH_SHARING.div_ceil(weight.len()) * weight.len();
        out.par_chunks_mut(rows_at_once)
            .zip(x.par_chunks(rows_at_once))
            .for_each(|(out, x)| {
                let rows = x.chunks_exact(weight.len());
                for (row, out) in rows.zip(out.chunks_exact_mut(weight.len())) {
                    kernels::layer_norm(row, weight, bias, out);
                }
            });
        Ok((CpuStorage::F32(out), x_layout.shape().clone()))
    }
}

struct GeluOp;

impl InplaceOp1 for GeluOp {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        values_mut(storage, layout)?
            .par_chunks_mut(WORTH_SHARING)
            .for_each(|chunk| {
                for value in chunk {
                    *value = kernels::gelu(*value);
                }
            });
        Ok(())
    }
}

struct SoftmaxOp {
    queries: usize,
    keys: usize,
    past: Option<usize>,
}

impl InplaceOp1 for SoftmaxOp {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let rows_at_once = WORTH_SHARING.div_ceil(self.keys);
        values_mut(storage, layout)?
            .par_chunks_mut(rows_at_once * self.keys)
            .enumerate()
            .for_each(|(at, chunk)| {
                for (i, row) in chunk.chunks_exact_mut(self.keys).enumerate() {
                    let query = (at * rows_at_once + i) % self.queries;
                    let valid = self.past.map_or(self.keys, |past| past + query + 1);
                    kernels::softmax(row, valid.min(self.keys));
                }
            });
        Ok(())
    }
}

fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((from, to))) => Ok(&values[from..to]),
        _ => bail!("the values are not contiguous single-precision ones"),
    }
}

fn values_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((from, to))) => Ok(&mut values[from..to]),
        _ => bail!("the values are not contiguous single-precision ones"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

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
        let out = softmax(scores, Some(1)).unwrap();
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
        for past in [None, Some(3)] {
            let many = attend(&query, &key, &value, past).unwrap();
            let some = query.narrow(1, 1, 4).unwrap();
            let few = attend(&some, &key, &value, past.map(|p| p + 1)).unwrap();
            assert_close(&few, &many.narrow(1, 1, 4).unwrap());
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
    fn what_is_not_contiguous_is_an_error() {
        let x = tensor(&[0.0; 6], (2, 3)).t().unwrap();
        assert!(gelu(x).is_err());
    }
}
