//! Generates the same sample file each time: three columns, values from 0 to 100, five categories.

use std::error::Error;

const CATEGORIES: [&str; 5] = ["books", "games", "garden", "music", "tools"];

pub fn generate(rows: &str, path: &str) -> Result<(), Box<dyn Error>> {
    let rows: u32 = rows.parse()?;
    let mut writer = csv::Writer::from_path(path)?;
    writer.write_record(["id", "category", "value"])?;
    let mut random = 1_u32;
    for id in 1..=rows {
        // The linear congruential generator of Numerical Recipes.
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let value = f64::from(random >> 8) / f64::from(1_u32 << 24) * 100.0;
        let category = CATEGORIES[id as usize % CATEGORIES.len()];
        writer.write_record([&id.to_string(), category, &format!("{value:.2}")])?;
    }
    Ok(writer.flush()?)
}
