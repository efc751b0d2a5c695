#pragma once

#include <array>
#include <string_view>

namespace hawser::server::words {

// What sample records are made of.

inline constexpr std::array<std::string_view, 48> first_names = {
    "Amina",  "Björn",  "Carla",  "Dmitri", "Elena",  "Farid",  "Greta",   "Hiro",   "Ines",  "Jonas",
    "Kavita", "Lars",   "Mei",    "Nadia",  "Omar",   "Petra",  "Quentin", "Rosa",   "Søren", "Tomás",
    "Uma",    "Viktor", "Wanda",  "Xavier", "Yara",   "Zoltán", "Agnes",   "Bruno",  "Chloé", "Daniel",
    "Edith",  "Felix",  "Gloria", "Hannah", "Igor",   "Judith", "Karim",   "Leonie", "Marta", "Nils",
    "Olga",   "Pablo",  "Ruth",   "Samuel", "Teresa", "Ulrich", "Vera",    "William"};

inline constexpr std::array<std::string_view, 48> last_names = {
    "Andersen", "Bianchi",  "Castillo", "Dubois",    "Eriksson", "Fischer",  "García",  "Haddad",
    "Ivanova",  "Jansen",   "Kowalski", "Lindqvist", "Moreau",   "Nakamura", "O'Brien", "Petrov",
    "Quintero", "Rossi",    "Schmidt",  "Tanaka",    "Ueda",     "Varga",    "Weber",   "Ximenes",
    "Yılmaz",   "Zhang",    "Abbott",   "Brandt",    "Costa",    "Demir",    "Evans",   "Ferreira",
    "Grünwald", "Hoffmann", "Iqbal",    "Jovanović", "Keller",   "Larsen",   "Mancini", "Novak",
    "Okafor",   "Patel",    "Richter",  "Sato",      "Torres",   "Virtanen", "Walker",  "Zimmermann"};

inline constexpr std::array<std::string_view, 24> company_roots = {
    "Alpine", "Baltic",    "Cedar",    "Delta",     "Ember",    "Fjord",     "Granite",   "Harbor",
    "Iris",   "Juniper",   "Keystone", "Lantern",   "Meridian", "Northwind", "Orchard",   "Pioneer",
    "Quarry", "Riverside", "Summit",   "Tidewater", "Umber",    "Valley",    "Westfield", "Zenith"};

inline constexpr std::array<std::string_view, 16> company_kinds = {
    "Logistics", "Instruments", "Foods",  "Energy", "Textiles", "Software",   "Shipping", "Printing",
    "Insurance", "Machinery",   "Pharma", "Timber", "Ceramics", "Consulting", "Optics",   "Dairy"};

inline constexpr std::array<std::string_view, 12> company_forms = {
    "GmbH", "Ltd", "Inc.", "S.A.", "AB", "B.V.", "S.p.A.", "A/S", "Oy", "Kft.", "SARL", "LLC"};

struct City {
    std::string_view city;
    std::string_view state;
    std::string_view country;
};
inline constexpr std::array<City, 16> cities = {{{"Hamburg", "HH", "Germany"},
                                                 {"Lyon", "Rhône", "France"},
                                                 {"Gothenburg", "Västra Götaland", "Sweden"},
                                                 {"Porto", "Norte", "Portugal"},
                                                 {"Kraków", "Małopolska", "Poland"},
                                                 {"Austin", "TX", "United States"},
                                                 {"Toronto", "ON", "Canada"},
                                                 {"Osaka", "Kansai", "Japan"},
                                                 {"Leeds", "West Yorkshire", "United Kingdom"},
                                                 {"Bologna", "Emilia-Romagna", "Italy"},
                                                 {"Aarhus", "Midtjylland", "Denmark"},
                                                 {"Utrecht", "Utrecht", "Netherlands"},
                                                 {"Graz", "Steiermark", "Austria"},
                                                 {"Valparaíso", "Valparaíso", "Chile"},
                                                 {"Pune", "Maharashtra", "India"},
                                                 {"Cork", "Munster", "Ireland"}}};

inline constexpr std::array<std::string_view, 12> streets = {
    "Harbour Street", "Mill Lane",    "Station Road", "Market Square", "Bridge Street", "Church Road",
    "Park Avenue",    "Garden Close", "Canal Walk",   "Castle Hill",   "Orchard Way",   "King Street"};

inline constexpr std::array<std::string_view, 16> jobs = {"Purchasing Manager",
                                                          "Head of Operations",
                                                          "Accountant",
                                                          "Sales Representative",
                                                          "Quality Engineer",
                                                          "Managing Director",
                                                          "Office Manager",
                                                          "Logistics Planner",
                                                          "Product Owner",
                                                          "Research Scientist",
                                                          "Buyer",
                                                          "Marketing Lead",
                                                          "Service Coordinator",
                                                          "Controller",
                                                          "IT Administrator",
                                                          "Warehouse Supervisor"};

inline constexpr std::array<std::string_view, 20> subjects = {"Offer for the spring order",
                                                              "Delivery dates",
                                                              "Question about invoice",
                                                              "Minutes of our meeting",
                                                              "Contract renewal",
                                                              "New price list",
                                                              "Complaint about damaged goods",
                                                              "Visit next week",
                                                              "Samples arrived",
                                                              "Please confirm the specification",
                                                              "Follow-up on our call",
                                                              "Change of address",
                                                              "Payment reminder",
                                                              "Draft of the agreement",
                                                              "Training dates",
                                                              "Spare parts",
                                                              "Quarterly review",
                                                              "Import papers",
                                                              "Thank you for the warm welcome",
                                                              "Schedule for the trade fair"};

inline constexpr std::array<std::string_view, 24> sentences = {
    "We would like to move the delivery to the second week of the month. ",
    "Please let me know whether the quantities in the attached list are still right. ",
    "Our warehouse reported two damaged pallets; photographs follow separately. ",
    "The new contract should take effect before the summer break. ",
    "Could you send the certificate of origin together with the invoice? ",
    "As discussed on the phone, the discount applies to orders above forty units. ",
    "The engineer will be on site on Thursday morning and needs access to the hall. ",
    "Our purchasing department has changed its approval process. ",
    "I have copied my colleague, who will look after this while I am away. ",
    "The samples were well received, above all the one with the matte surface. ",
    "Payment is due thirty days after delivery, as in the previous year. ",
    "We still miss a confirmation for the second half of the order. ",
    "The forwarding agent expects the papers no later than Tuesday at noon. ",
    "There were no further remarks from the quality department. ",
    "Let us use the review next month to talk about the service agreement. ",
    "The customer prefers to be contacted in the afternoon. ",
    "An updated drawing is stored in the project folder. ",
    "They are comparing our offer with those of two competitors. ",
    "The decision depends on the budget that is released in autumn. ",
    "Both sides agreed to keep the prices until the end of the year. ",
    "A short visit at the trade fair would be welcome. ",
    "The previous supplier could not keep its delivery dates. ",
    "Technical questions go directly to the development team. ",
    "The training for the new machine takes two days. "};

} // namespace hawser::server::words
