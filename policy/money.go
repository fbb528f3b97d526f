package policy

import (
	"fmt"
	"math"
	"strings"
)

// minorUnits returns a rate in the currency's own minor units: no binary fraction is equal to most of them.
func minorUnits(rate float64, currency string) int64 {
	return int64(math.Round(rate * math.Pow10(Decimals(currency))))
}

// Decimals returns the number of decimal places of a currency (ISO 4217).
func Decimals(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}

// Decimal returns minor units of a currency as people write an amount, without the currency: "12.50".
func Decimal(minor int64, currency string) string {
	places := Decimals(currency)
	if places == 0 {
		return fmt.Sprint(minor)
	}
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	digits := fmt.Sprint(minor)
	digits = strings.Repeat("0", max(0, places+1-len(digits))) + digits
	return sign + digits[:len(digits)-places] + "." + digits[len(digits)-places:]
}
