//! Reading bytes that may be anything: no panic, no allocation by an announced length.

use std::time::Duration;

use super::fault::corrupt;
use crate::clock::Timestamp;
use crate::store::StoreError;

/// What is left to read of a value.
pub(super) struct Reader<'r> {
    digest: &'r [u8; 32],
    rest: &'r [u8],
}

impl<'r> Reader<'r> {
    pub(super) fn new(digest: &'r [u8; 32], bytes: &'r [u8]) -> Self {
        Self { digest, rest: bytes }
    }

    pub(super) fn corrupt(&self, field: &str, reason: impl std::fmt::Display) -> StoreError {
        corrupt(self.digest, format_args!("{field}: {reason}"))
    }

    pub(super) fn array<const N: usize>(&mut self, field: &str) -> Result<[u8; N], StoreError> {
        let (array, rest) = self.rest.split_first_chunk().ok_or_else(|| self.corrupt(field, "it is cut off"))?;
        self.rest = rest;
        Ok(*array)
    }

    pub(super) fn byte(&mut self, field: &str) -> Result<u8, StoreError> {
        self.array::<1>(field).map(|[byte]| byte)
    }

    pub(super) fn time(&mut self, field: &str) -> Result<Timestamp, StoreError> {
        self.array(field).map(|bytes| Timestamp::from_micros(i64::from_be_bytes(bytes)))
    }

    pub(super) fn duration(&mut self, field: &str) -> Result<Duration, StoreError> {
        self.array(field).map(|bytes| Duration::from_micros(u64::from_be_bytes(bytes)))
    }

    pub(super) fn part(&mut self, field: &str) -> Result<&'r [u8], StoreError> {
        let length = u32::from_be_bytes(self.array(field)?) as usize;
        let (part, rest) = self.rest.split_at_checked(length).ok_or_else(|| self.corrupt(field, "it is cut off"))?;
        self.rest = rest;
        Ok(part)
    }

    pub(super) fn part_or_none(&mut self, field: &str) -> Result<Option<&'r [u8]>, StoreError> {
        match self.byte(field)? {
            0 => Ok(None),
            1 => self.part(field).map(Some),
            _ => Err(self.corrupt(field, "neither there nor not there")),
        }
    }

    pub(super) fn text(&mut self, field: &str) -> Result<&'r str, StoreError> {
        let part = self.part(field)?;
        self.utf8(field, part)
    }

    pub(super) fn text_or_none(&mut self, field: &str) -> Result<Option<&'r str>, StoreError> {
        let part = self.part_or_none(field)?;
        part.map(|part| self.utf8(field, part)).transpose()
    }

    fn utf8(&self, field: &str, part: &'r [u8]) -> Result<&'r str, StoreError> {
        std::str::from_utf8(part).map_err(|error| self.corrupt(field, error))
    }

    /// Nothing may follow.
    pub(super) fn end(&self) -> Result<(), StoreError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.corrupt("result", "something follows it")) }
    }
}
