//! candle operations on the CPU that run our kernels, on the threads of whoever calls.

use candle_core::{
    CpuStorage, CustomOp2, CustomOp3, InplaceOp1, InplaceOp2, Layout, Result, Shape, bail,
};
use rayon::prelude::*;

use super::kernels;

/// Below so many values another thread costs more than it helps.
const WORTH_SHARING: usize = 16_384;

/// A product of few rows with a weight of `[out, in]`.
pub(super) struct FewRowsOp;

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

/// Attention of few queries; with `past`, each sees only what came before it. A bias is
/// added to how well each key matches; an empty one is none.
pub(super) struct FewQueriesOp<'a> {
    pub past: Option<usize>,
    pub bias: &'a [f32],
}

impl CustomOp3 for FewQueriesOp<'_> {
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
        check_bias(self.bias, key.rows)?;
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
                    add_bias(&mut weights, self.bias);
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

/// Layer normalisation over the last dimension.
pub(super) struct LayerNormOp;

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

/// Adds a tensor, or a row to every row.
pub(super) struct AddOp;

impl InplaceOp2 for AddOp {
    fn name(&self) -> &'static str {
        "add"
    }

    fn cpu_fwd(
        &self,
        x: &mut CpuStorage,
        x_layout: &Layout,
        y: &CpuStorage,
        y_layout: &Layout,
    ) -> Result<()> {
        let y = values(y, y_layout)?;
        let x = values_mut(x, x_layout)?;
        if !x.len().is_multiple_of(y.len()) {
            bail!("{} values can't be added to {}", y.len(), x.len());
        }
        let rows_at_once = WORTH_SHARING.div_ceil(y.len());
        x.par_chunks_mut(rows_at_once * y.len()).for_each(|rows| {
            for row in rows.chunks_exact_mut(y.len()) {
                for (x, y) in row.iter_mut().zip(y) {
                    *x += y;
                }
            }
        });
        Ok(())
    }
}

/// Multiplies by a number.
pub(super) struct ScaleOp(pub f32);

impl InplaceOp1 for ScaleOp {
    fn name(&self) -> &'static str {
        "scale"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        for value in values_mut(storage, layout)? {
            *value *= self.0;
        }
        Ok(())
    }
}

/// GELU with the true error function.
pub(super) struct GeluOp;

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

/// Softmax over the last dimension; with `past`, each query sees only what came before it.
/// A bias is added to each row first; an empty one is none.
pub(super) struct SoftmaxOp<'a> {
    pub queries: usize,
    pub keys: usize,
    pub past: Option<usize>,
    pub bias: &'a [f32],
}

impl InplaceOp1 for SoftmaxOp<'_> {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let rows_at_once = WORTH_SHARING.div_ceil(self.keys);
        check_bias(self.bias, self.keys)?;
        values_mut(storage, layout)?
            .par_chunks_mut(rows_at_once * self.keys)
            .enumerate()
            .for_each(|(at, chunk)| {
                for (i, row) in chunk.chunks_exact_mut(self.keys).enumerate() {
                    add_bias(row, self.bias);
                    let query = (at * rows_at_once + i) % self.queries;
                    let valid = self.past.map_or(self.keys, |past| past + query + 1);
                    kernels::softmax(row, valid.min(self.keys));
                }
            });
        Ok(())
    }
}

fn check_bias(bias: &[f32], keys: usize) -> Result<()> {
    match bias.len() {
        0 => Ok(()),
        n if n == keys => Ok(()),
        n => bail!("a bias of {n} values for {keys} keys"),
    }
}

fn add_bias(row: &mut [f32], bias: &[f32]) {
    for (value, bias) in row.iter_mut().zip(bias) {
        *value += bias;
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
