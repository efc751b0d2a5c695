#include "tools/server/core/catalogue.h"

namespace hawser::server {

// A table begins with "= name set primary-id primary-name code ownership flags | schema name |
// label | plural label"; the id, the audit columns and the owner columns come first by themselves.
// A column is "kind name words | label | options". Words: a maximum length, "ro", "create" (not
// updatable), "update" (not creatable), "required", "parent" (indexed), "cascade", and a
// "table/navigation" for each target of a lookup. Columns are only ever appended to a table,
// because stored rows refer to them by position.
const char* const catalogue_text = R"(
= account accounts accountid name 1 user | Account | Account | Accounts
state statecode | Status | 0 Active; 1 Inactive
status statuscode | Status Reason | 1/0 Active; 2/1 Inactive
text name 160 required | Account Name
text accountnumber 20 | Account Number
lookup primarycontactid contact/primarycontactid | Primary Contact
lookup parentaccountid account/parentaccountid parent | Parent Account
text emailaddress1 100 | Email
text emailaddress2 100 | Email Address 2
text emailaddress3 100 | Email Address 3
text telephone1 50 | Main Phone
text telephone2 50 | Other Phone
text telephone3 50 | Telephone 3
text fax 50 | Fax
text websiteurl 200 | Website
memo description 2000 | Description
money revenue | Annual Revenue
integer numberofemployees | Number of Employees
choice industrycode | Industry | 1 Accounting; 2 Agriculture; 3 Broadcasting; 5 Building Supply; 6 Business Services; 7 Consulting; 19 Insurance; 28 Retail
choice accountcategorycode | Category | 1 Preferred Customer; 2 Standard
text tickersymbol 10 | Ticker Symbol
text address1_line1 250 | Address 1: Street 1
text address1_line2 250 | Address 1: Street 2
text address1_city 80 | Address 1: City
text address1_stateorprovince 50 | Address 1: State/Province
text address1_postalcode 20 | Address 1: ZIP/Postal Code
text address1_country 80 | Address 1: Country/Region
memo address1_composite 1000 ro | Address 1
text address2_line1 250 | Address 2: Street 1
text address2_line2 250 | Address 2: Street 2
text address2_city 80 | Address 2: City
text address2_stateorprovince 50 | Address 2: State/Province
text address2_postalcode 20 | Address 2: ZIP/Postal Code
text address2_country 80 | Address 2: Country/Region
memo address2_composite 1000 ro | Address 2
boolean donotemail | Do not allow Emails
boolean donotphone | Do not allow Phone Calls
boolean creditonhold | Credit Hold
lookup transactioncurrencyid transactioncurrency/transactioncurrencyid | Currency
lookup masterid account/masterid ro | Master ID
boolean merged ro | Merged
collection contact_customer_accounts contact parentcustomerid
collection Account_Annotation annotation objectid
collection Account_Emails email regardingobjectid
collection Account_Appointments appointment regardingobjectid
collection Account_Tasks task regardingobjectid

= contact contacts contactid fullname 2 user | Contact | Contact | Contacts
state statecode | Status | 0 Active; 1 Inactive
status statuscode | Status Reason | 1/0 Active; 2/1 Inactive
text firstname 50 | First Name
text middlename 50 | Middle Name
text lastname 50 | Last Name
text fullname 160 ro | Full Name
text salutation 100 | Salutation
text nickname 100 | Nickname
text suffix 10 | Suffix
text jobtitle 100 | Job Title
text department 100 | Department
lookup parentcustomerid account/parentcustomerid_account contact/parentcustomerid_contact parent | Company Name
text emailaddress1 100 | Email
text emailaddress2 100 | Email Address 2
text emailaddress3 100 | Email Address 3
text telephone1 50 | Business Phone
text telephone2 50 | Home Phone
text telephone3 50 | Telephone 3
text mobilephone 50 | Mobile Phone
text fax 50 | Fax
text home2 50 | Home Phone 2
text business2 50 | Business Phone 2
text company 50 | Company Phone
text callback 50 | Callback Number
text pager 50 | Pager
text websiteurl 200 | Website
memo description 2000 | Description
date birthdate | Birthday
date anniversary | Anniversary
text spousesname 100 | Spouse/Partner Name
text assistantname 100 | Assistant
text managername 100 | Manager
text governmentid 50 | Government
text externaluseridentifier 50 | External User Identifier
choice gendercode | Gender | 1 Male; 2 Female
choice familystatuscode | Marital Status | 1 Single; 2 Married; 3 Divorced; 4 Widowed
choice preferredcontactmethodcode | Preferred Method of Contact | 1 Any; 2 Email; 3 Phone; 4 Fax; 5 Mail
boolean donotemail | Do not allow Emails
boolean donotphone | Do not allow Phone Calls
boolean donotfax | Do not allow Faxes
boolean donotpostalmail | Do not allow Mails
boolean donotbulkemail | Do not allow Bulk Emails
text address1_line1 250 | Address 1: Street 1
text address1_line2 250 | Address 1: Street 2
text address1_line3 250 | Address 1: Street 3
text address1_city 80 | Address 1: City
text address1_stateorprovince 50 | Address 1: State/Province
text address1_postalcode 20 | Address 1: ZIP/Postal Code
text address1_country 80 | Address 1: Country/Region
memo address1_composite 1000 ro | Address 1
text address2_line1 250 | Address 2: Street 1
text address2_line2 250 | Address 2: Street 2
text address2_line3 250 | Address 2: Street 3
text address2_city 80 | Address 2: City
text address2_stateorprovince 50 | Address 2: State/Province
text address2_postalcode 20 | Address 2: ZIP/Postal Code
text address2_country 80 | Address 2: Country/Region
memo address2_composite 1000 ro | Address 2
text address3_line1 250 | Address 3: Street 1
text address3_line2 250 | Address 3: Street 2
text address3_line3 250 | Address 3: Street 3
text address3_city 80 | Address 3: City
text address3_stateorprovince 50 | Address 3: State/Province
text address3_postalcode 20 | Address 3: ZIP/Postal Code
text address3_country 80 | Address 3: Country/Region
memo address3_composite 1000 ro | Address 3
money creditlimit | Credit Limit
lookup transactioncurrencyid transactioncurrency/transactioncurrencyid | Currency
lookup masterid contact/masterid ro | Master ID
boolean merged ro | Merged
collection Contact_Annotation annotation objectid
collection Contact_Emails email regardingobjectid
collection Contact_Appointments appointment regardingobjectid
collection Contact_Tasks task regardingobjectid

= lead leads leadid fullname 4 user | Lead | Lead | Leads
state statecode | Status | 0 Open; 1 Qualified; 2 Disqualified
status statuscode | Status Reason | 1/0 New; 2/0 Contacted; 3/1 Qualified; 4/2 Lost; 5/2 Cannot Contact; 6/2 No Longer Interested; 7/2 Canceled
text subject 300 required | Topic
text firstname 50 | First Name
text middlename 50 | Middle Name
text lastname 50 | Last Name
text fullname 160 ro | Name
text companyname 100 | Company Name
text jobtitle 100 | Job Title
text emailaddress1 100 | Email
text telephone1 50 | Business Phone
text mobilephone 20 | Mobile Phone
text websiteurl 200 | Website
memo description 2000 | Description
choice leadsourcecode | Lead Source | 1 Advertisement; 2 Employee Referral; 3 External Referral; 4 Partner; 5 Public Relations; 8 Web; 9 Word of Mouth; 10 Other
choice leadqualitycode | Rating | 1 Hot; 2 Warm; 3 Cold
money estimatedamount | Est. Value
date estimatedclosedate | Est. Close Date
text address1_line1 250 | Street 1
text address1_line2 250 | Street 2
text address1_city 80 | City
text address1_stateorprovince 50 | State/Province
text address1_postalcode 20 | ZIP/Postal Code
text address1_country 80 | Country/Region
memo address1_composite 1000 ro | Address 1
lookup parentaccountid account/parentaccountid parent | Parent Account for lead
lookup parentcontactid contact/parentcontactid | Parent Contact for lead
boolean donotemail | Do not allow Emails
lookup transactioncurrencyid transactioncurrency/transactioncurrencyid | Currency
lookup masterid lead/masterid ro | Master ID
boolean merged ro | Merged
collection Lead_Annotation annotation objectid

= opportunity opportunities opportunityid name 3 user | Opportunity | Opportunity | Opportunities
state statecode | Status | 0 Open; 1 Won; 2 Lost
status statuscode | Status Reason | 1/0 In Progress; 2/0 On Hold; 3/1 Won; 4/2 Canceled; 5/2 Out-Sold
text name 300 required | Topic
memo description 2000 | Description
lookup customerid account/customerid_account contact/customerid_contact parent | Potential Customer
lookup parentaccountid account/parentaccountid | Account
lookup parentcontactid contact/parentcontactid | Contact
money estimatedvalue | Est. Revenue
date estimatedclosedate | Est. Close Date
integer closeprobability | Probability
choice opportunityratingcode | Rating | 1 Hot; 2 Warm; 3 Cold
choice salesstagecode | Process Code | 1 Default Value
money actualvalue | Actual Revenue
date actualclosedate | Actual Close Date
memo customerneed 2000 | Customer Need
memo proposedsolution 2000 | Proposed Solution
lookup transactioncurrencyid transactioncurrency/transactioncurrencyid | Currency
collection Opportunity_Annotation annotation objectid

= incident incidents incidentid title 112 user | Incident | Case | Cases
state statecode | Status | 0 Active; 1 Resolved; 2 Canceled
status statuscode | Status Reason | 1/0 In Progress; 2/0 On Hold; 3/0 Waiting for Details; 4/0 Researching; 5/1 Problem Solved; 1000/1 Information Provided; 6/2 Canceled; 2000/2 Merged
text title 200 required | Case Title
text ticketnumber 100 create | Case Number
memo description 2000 | Description
lookup customerid account/customerid_account contact/customerid_contact parent required | Customer
lookup primarycontactid contact/primarycontactid | Contact
choice prioritycode | Priority | 1 High; 2 Normal; 3 Low
choice severitycode | Severity | 1 Default Value
choice caseorigincode | Origin | 1 Phone; 2 Email; 3 Web
choice casetypecode | Case Type | 1 Question; 2 Problem; 3 Request
text emailaddress 100 | Email Address
date followupby | Follow Up By
lookup transactioncurrencyid transactioncurrency/transactioncurrencyid | Currency
collection Incident_Annotation annotation objectid

= email emails activityid subject 4202 user activity | Email | Email | Emails
state statecode | Activity Status | 0 Open; 1 Completed; 2 Canceled
status statuscode | Status Reason | 1/0 Draft; 8/0 Failed; 2/1 Completed; 3/1 Sent; 4/1 Received; 6/1 Pending Send; 7/1 Sending; 5/2 Canceled
text subject 800 | Subject
memo description 1073741823 | Description
boolean directioncode | Direction
text messageid 320 | Message ID
text inreplyto 320 ro | In Reply To Message
text conversationindex 2048 ro | Conversation Index
choice correlationmethod ro | Correlation Method | 0 None; 1 Skipped; 2 XHeader; 3 InReplyTo; 4 TrackingToken; 5 ConversationIndex; 6 SmartMatching; 7 CustomCorrelation
text sender 250 | From
text torecipients 500 | To Recipients
text submittedby 250 | Submitted By
text trackingtoken 50 | Tracking Token
text mimetype 256 | Mime Type
text internetmessageheaders 500 | Internet Message Headers
text category 250 | Category
text subcategory 250 | Sub-Category
choice prioritycode | Priority | 0 Low; 1 Normal; 2 High
choice deliveryprioritycode | Delivery Priority | 0 Low; 1 Normal; 2 High
integer deliveryattempts | No. of Delivery Attempts
boolean deliveryreceiptrequested | Delivery Receipt Requested
boolean readreceiptrequested | Read Receipt Requested
boolean followemailuserpreference | Following
time delayedemailsendtime | Delay email processing until
time scheduledstart | Start Date
time scheduledend | Due Date
time sortdate | Sort Date
time lastopenedtime | Last Opened Time
time actualstart | Actual Start
time actualend | Actual End
time senton ro | Date Sent
integer actualdurationminutes | Duration
choice notifications | Notifications | 0 None; 1 The message was saved as a Microsoft Dynamics 365 email record, but not all the attachments could be saved with it; 2 Truncated body
guid conversationtrackingid | Conversation Tracking Id
guid emailtrackingid | Email Tracking Id
integer baseconversationindexhash | Conversation Index (Hash)
lookup parentactivityid email/parentactivityid | Parent Activity Id
lookup correlatedactivityid email/correlatedactivityid_email ro | Correlated Activity Id
lookup emailsender account/emailsender_account contact/emailsender_contact systemuser/emailsender_systemuser ro | Sender
integer attachmentcount ro | Attachment Count
boolean compressed ro | Compression
parties from 1 | From
parties to 2 | To
parties cc 3 | Cc
parties bcc 4 | Bcc
parties related 13 | Related
collection email_activity_parties activityparty activityid
collection email_activity_mime_attachment activitymimeattachment objectid
collection Email_Annotation annotation objectid

= appointment appointments activityid subject 4201 user activity | Appointment | Appointment | Appointments
state statecode update | Status | 0 Open; 1 Completed; 2 Canceled; 3 Scheduled
status statuscode | Status Reason | 1/0 Free; 2/0 Tentative; 3/1 Completed; 4/2 Canceled; 5/3 Busy; 6/3 Out of Office
text subject 200 required | Subject
memo description 1048576 | Description
text location 200 | Location
time scheduledstart required | Start Time
time scheduledend required | End Time
integer scheduleddurationminutes | Duration
integer actualdurationminutes | Actual Duration
time actualstart | Actual Start
time actualend | Actual End
boolean isalldayevent | All Day Event
boolean isdraft | Is Draft
boolean ismapiprivate | Is Private
text globalobjectid 300 | Outlook Appointment
integer outlookownerapptid | Outlook Appointment Owner
text category 250 | Category
text subcategory 250 | Sub-Category
choice prioritycode | Priority | 0 Low; 1 Normal; 2 High
choice attachmenterrors | Attachment Errors | 0 None; 1 The appointment was saved as a Microsoft Dynamics 365 appointment record, but not all the attachments could be saved with it
guid subscriptionid create hidden | Subscription
choice instancetypecode ro | Appointment Type | 0 Not Recurring; 1 Recurring Master; 2 Recurring Instance; 3 Recurring Exception; 4 Recurring Future Exception
guid seriesid ro | Series Id
time originalstartdate ro | Original Start Date
text modifiedfieldsmask 4000 ro | Modified Fields Mask
integer attachmentcount ro | Attachment Count
parties requiredattendees 5 | Required Attendees
parties optionalattendees 6 | Optional Attendees
parties organizer 7 | Organizer
collection appointment_activity_parties activityparty activityid
collection appointment_activity_mime_attachment activitymimeattachment objectid
collection Appointment_Annotation annotation objectid

= recurringappointmentmaster recurringappointmentmasters activityid subject 4251 user activity | RecurringAppointmentMaster | Recurring Appointment | Recurring Appointments
state statecode update | Status | 0 Open; 1 Completed; 2 Canceled; 3 Scheduled
status statuscode | Status Reason | 1/0 Free; 2/0 Tentative; 3/1 Completed; 4/2 Canceled; 5/3 Busy; 6/3 Out of Office
text subject 200 required | Subject
memo description 1048576 | Description
text location 200 | Location
choice recurrencepatterntype required | Recurrence Pattern | 0 Daily; 1 Weekly; 2 Monthly; 3 Yearly
integer interval | Interval
integer daysofweekmask | Days of the Week
integer dayofmonth | Day Of Month
choice monthofyear | Month Of Year | 0 Invalid Month Of Year; 1 January; 2 February; 3 March; 4 April; 5 May; 6 June; 7 July; 8 August; 9 September; 10 October; 11 November; 12 December
choice instance | Instance | 1 First; 2 Second; 3 Third; 4 Fourth; 5 Last
integer occurrences | Occurrences
choice patternendtype | Pattern End Type | 1 No End Date; 2 Number of Occurrences; 3 Pattern End Date
time patternstartdate required | Start Range
time patternenddate | End Range
time starttime required | Start Time
time endtime required | End Time
integer duration | Duration
time effectivestartdate ro | Effective Start
time effectiveenddate ro | Effective End
choice firstdayofweek create | First Day Of Week | 0 Sunday; 1 Monday; 2 Tuesday; 3 Wednesday; 4 Thursday; 5 Friday; 6 Saturday
boolean isnthmonthly | Nth Monthly
boolean isnthyearly | Nth Yearly
boolean isweekdaypattern | Every Weekday
boolean isalldayevent | All Day Event
boolean ismapiprivate | Is Private
text globalobjectid 300 | Outlook Appointment
choice seriesstatus | Series Status | 0 False; 1 True
choice prioritycode | Priority | 0 Low; 1 Normal; 2 High
memo deletedexceptionslist 2000 ro | Deleted Exceptions List
choice expansionstatecode ro | Expansion State | 0 Unexpanded; 1 Partially Expanded; 2 Fully Expanded
guid groupid ro | Group Id
guid ruleid ro | Recurrence Rule
choice instancetypecode ro | Appointment Type | 0 Not Recurring; 1 Recurring Master
parties requiredattendees 5 | Required Attendees
parties optionalattendees 6 | Optional Attendees
parties organizer 7 | Organizer
collection recurringappointmentmaster_activity_parties activityparty activityid

= task tasks activityid subject 4212 user activity | Task | Task | Tasks
state statecode | Activity Status | 0 Open; 1 Completed; 2 Canceled
status statuscode | Status Reason | 2/0 Not Started; 3/0 In Progress; 4/0 Waiting on someone else; 7/0 Deferred; 5/1 Completed; 6/2 Canceled
text subject 200 required | Subject
memo description 1048576 | Description
time scheduledstart | Start Date
time scheduledend | Due Date
integer scheduleddurationminutes | Scheduled Duration
integer actualdurationminutes | Duration
time actualstart | Actual Start
time actualend | Actual End
integer percentcomplete | Percent Complete
choice prioritycode | Priority | 0 Low; 1 Normal; 2 High
text category 250 | Category
text subcategory 250 | Sub-Category
text crmtaskassigneduniqueid 100 | Assigned Task Unique Id
collection Task_Annotation annotation objectid
collection task_activity_parties activityparty activityid

= phonecall phonecalls activityid subject 4210 user activity | PhoneCall | Phone Call | Phone Calls
state statecode | Activity Status | 0 Open; 1 Completed; 2 Canceled
status statuscode | Status Reason | 1/0 Open; 2/1 Made; 4/1 Received; 3/2 Canceled
text subject 200 required | Subject
memo description 1048576 | Description
text phonenumber 200 | Phone Number
boolean directioncode | Direction
boolean leftvoicemail | Left Voice Mail
time scheduledstart | Start Date
time scheduledend | Due Date
time actualstart | Actual Start
time actualend | Actual End
integer actualdurationminutes | Duration
choice prioritycode | Priority | 0 Low; 1 Normal; 2 High
text category 250 | Category
text subcategory 250 | Sub-Category
parties from 1 | Call From
parties to 2 | Call To
collection phonecall_activity_parties activityparty activityid

= activityparty activityparties activitypartyid - 135 none | ActivityParty | Activity Party | Activity Parties
lookup activityid email/activityid_email appointment/activityid_appointment recurringappointmentmaster/activityid_recurringappointmentmaster task/activityid_task phonecall/activityid_phonecall cascade create | Activity
lookup partyid account/partyid_account contact/partyid_contact lead/partyid_lead systemuser/partyid_systemuser create | Party
text partyidname 400 ro | Party Name
text partyobjecttypecode 64 ro | Party Type
text addressused 320 create | Address
integer addressusedemailcolumnnumber create | Email column number of party
choice participationtypemask create | Participation Type | 1 Sender; 2 To Recipient; 3 CC Recipient; 4 BCC Recipient; 5 Required attendee; 6 Optional attendee; 7 Organizer; 8 Regarding; 9 Owner; 10 Resource; 11 Customer; 12 Chat Participant; 13 Related
boolean ispartydeleted ro | Is Party Deleted
choice instancetypecode ro | Appointment Type | 0 Not Recurring; 1 Recurring Master; 2 Recurring Instance; 3 Recurring Exception; 4 Recurring Future Exception
text unresolvedpartyname 200 create | Unresolved Party Name
text exchangeentryid 1024 create | Exchange Entry
decimal effort create | Effort
time scheduledstart ro | Scheduled Start
time scheduledend ro | Scheduled End

= activitymimeattachment activitymimeattachments activitymimeattachmentid filename 1001 none | ActivityMimeAttachment | Attachment | Attachments
lookup objectid email/objectid_email appointment/objectid_appointment task/objectid_task cascade create required | Item
text objecttypecode 64 create | Entity
text filename 255 | File Name
text mimetype 256 | MIME Type
memo body 1073741823 | Body
text subject 2000 | Subject
integer attachmentnumber | Attachment Number
text attachmentcontentid 250 | Content Id
guid attachmentid ro | Attachment
integer filesize ro | File Size (Bytes)
boolean isfollowed | Followed

= annotation annotations annotationid subject 5 user | Annotation | Note | Notes
lookup objectid account/objectid_account contact/objectid_contact lead/objectid_lead opportunity/objectid_opportunity incident/objectid_incident email/objectid_email appointment/objectid_appointment task/objectid_task phonecall/objectid_phonecall new_project/objectid_new_project cascade | Regarding
text objecttypecode 64 | Object Type
text subject 500 | Title
memo notetext 100000 | Description
memo documentbody 1073741823 | Document
text filename 255 | File Name
text mimetype 256 | Mime Type
integer filesize ro | File Size (Bytes)
boolean isdocument | Is Document
text langid 2 | Language ID
text stepid 32 | Step Id

= systemuser systemusers systemuserid fullname 8 organization unversioned | SystemUser | User | Users
text fullname 200 ro | Full Name
text firstname 256 | First Name
text lastname 256 | Last Name
text domainname 1024 create | User Name
text internalemailaddress 100 | Primary Email
guid azureactivedirectoryobjectid ro | Azure AD Object ID
boolean isdisabled ro | Status
lookup businessunitid businessunit/businessunitid | Business Unit
lookup defaultmailbox mailbox/defaultmailbox ro | Mailbox

= team teams teamid name 9 organization unversioned | Team | Team | Teams
text name 160 required | Team Name
boolean isdefault ro | Is Default
choice teamtype create | Team Type | 0 Owner; 1 Access; 2 Security Group; 3 Office Group
lookup businessunitid businessunit/businessunitid | Business Unit

= businessunit businessunits businessunitid name 10 organization unversioned | BusinessUnit | Business Unit | Business Units
text name 160 required | Name
boolean isdisabled ro | Is Disabled

= organization organizations organizationid name 1019 organization untracked unversioned | Organization | Organization | Organizations
text name 160 ro | Organization Name
integer maxuploadfilesize | Max Upload File Size
memo blockedattachments 1073741823 | Block Attachments
integer minoutlooksyncinterval | Min Synchronization Interval
integer minofflinesyncinterval | Min Offline Synchronization Interval
integer minaddressbooksyncinterval | Min Address Synchronization Interval
boolean allowoutlookscheduledsyncs | Allow Scheduled Synchronization
boolean allowofflinescheduledsyncs | Allow Offline Scheduled Synchronization
boolean allowaddressbooksyncs | Allow Address Book Synchronization
boolean isduplicatedetectionenabledforofflinesync | Is Duplicate Detection Enabled For Offline Synchronization
text trackingprefix 256 | Tracking Prefix
integer trackingtokeniddigits | Tracking Token Digits
integer trackingtokenidbase | Tracking Token Base
boolean emailcorrelationenabled | Use Email Correlation
integer expirechangetrackingindays | Days to Expire Change Tracking Deleted Records
integer expiresubscriptionsindays | Days to Expire Subscriptions
boolean requireapprovalforuseremail | Is Approval For User Email Required
boolean allowunresolvedpartiesonemailsend | Allow Unresolved Address Email Send
boolean ignoreinternalemail | Ignore Internal Email
boolean isfolderbasedtrackingenabled | Is Folder Based Tracking Enabled
integer maxfolderbasedtrackingmappings | Max Folder Based Tracking Mappings
boolean isappointmentattachmentsyncenabled | Is Attachment Sync Enabled
boolean iscontactmailingaddresssyncenabled | Is Mailing Address Sync Enabled
boolean isassignedtaskssyncenabled | Is Assigned Tasks Sync Enabled
integer maxappointmentdurationdays | Max Duration of Appointment
integer mobileofflinesyncinterval | Sync interval for mobile offline
boolean isconflictdetectionenabledformobileclient | Is Conflict Detection for Mobile Client enabled
memo orgdborgsettings 1073741823 | Organization Database Organization Settings
lookup basecurrencyid transactioncurrency/basecurrencyid ro | Currency

= usersettings usersettingscollection systemuserid - 150 organization untracked unversioned | UserSettings | User Settings | User Settings
choice incomingemailfilteringmethod | Incoming Email Filtering Method | 0 All email messages; 1 Email messages in response to Dynamics 365 email; 2 Email messages from Dynamics 365 Leads, Contacts and Accounts; 3 Email messages from Dynamics 365 records that are email enabled; 4 No email messages
integer autocreatecontactonpromote | Auto-create contact on client promote
integer outlooksyncinterval | Outlook Sync Interval
integer offlinesyncinterval | Offline Sync Interval
integer addressbooksyncinterval | Address Book Sync Interval
boolean synccontactcompany | Sync Contact Company
boolean isduplicatedetectionenabledwhengoingonline | Is Duplicate Detection Enabled When Going Online
boolean issendasallowed | Is Send As Other User Privilege Enabled
boolean usecrmformforappointment | Use Microsoft Dynamics 365 Appointment Form
boolean usecrmformforcontact | Use Microsoft Dynamics 365 Contact Form
boolean usecrmformforemail | Use Microsoft Dynamics 365 Email Form
boolean usecrmformfortask | Use Microsoft Dynamics 365 Task Form
integer trackingtokenid | Tracking Token
integer nexttrackingnumber | Next Tracking Number
integer timezonecode | Time Zone
integer timezonebias | Time Zone Bias
boolean ignoreunsolicitedemail | Ignore Unsolicited Email
lookup businessunitid businessunit/businessunitid_usersettings ro | Business Unit

= mailbox mailboxes mailboxid name 9606 user untracked | Mailbox | Mailbox | Mailboxes
state statecode ro | Status | 0 Active; 1 Inactive
status statuscode ro | Status Reason | 1/0 Active; 2/1 Inactive
text name 200 required | Name
text emailaddress 100 | Email Address
lookup regardingobjectid systemuser/regardingobjectid_systemuser create parent | Regarding
boolean isforwardmailbox | Is Forward Mailbox
choice emailrouteraccessapproval | Email Address Status | 0 Empty; 1 Approved; 2 Pending Approval; 3 Rejected
boolean isemailaddressapprovedbyo365admin ro | Email Address O365 Admin Approval Status
choice actdeliverymethod | Appointments, Contacts, and Tasks | 0 Microsoft Dynamics 365 for Outlook; 1 Server-Side Synchronization; 2 None
choice incomingemaildeliverymethod | Incoming Email | 0 None; 1 Microsoft Dynamics 365 for Outlook; 2 Server-Side Synchronization or Email Router; 3 Forward Mailbox
choice outgoingemaildeliverymethod | Outgoing Email | 0 None; 1 Microsoft Dynamics 365 for Outlook; 2 Server-Side Synchronization or Email Router
boolean enabledforact | Enabled For ACT
boolean enabledforincomingemail | Enabled For Incoming Email
boolean enabledforoutgoingemail | Enabled For Outgoing Email
choice actstatus ro | Appointments, Contacts, and Tasks Status | 0 Not Run; 1 Success; 2 Failure
choice incomingemailstatus ro | Incoming Email Status | 0 Not Run; 1 Success; 2 Failure
choice outgoingemailstatus ro | Outgoing Email Status | 0 Not Run; 1 Success; 2 Failure
choice mailboxstatus ro | Mailbox Test Status | 0 Not Run; 1 Success; 2 Failure
boolean isactsyncorgflagset ro | Indicates if the crm org is to be set as primary syncing org for the mailbox record
boolean orgmarkedasprimaryforexchangesync | Organization Marked as Primary for Exchange Sync
time processemailreceivedafter | Process Email Received After
boolean processanddeleteemails | Delete Emails after Processing
time lastsyncstartedon ro | Last Sync Started On
time lastsuccessfulsynccompletedon ro | Last Successful Sync Completed On

= transactioncurrency transactioncurrencies transactioncurrencyid currencyname 9105 organization | TransactionCurrency | Currency | Currencies
text currencyname 100 required | Currency Name
text isocurrencycode 5 required | Currency Code
text currencysymbol 13 required | Currency Symbol
integer currencyprecision | Currency Precision
decimal exchangerate | Exchange Rate

= new_project new_projects new_projectid new_name 10042 user | new_Project | Project | Projects
state statecode | Status | 0 Active; 1 Inactive
status statuscode | Status Reason | 1/0 Active; 2/1 Inactive; 100000000/0 Planned
text new_name 100 required | Name
memo new_summary 4000 | Summary
lookup new_accountid account/new_AccountId parent | Customer
lookup new_responsibleid contact/new_ResponsibleId_contact systemuser/new_ResponsibleId_systemuser | Responsible
decimal new_budgethours | Budget (Hours)
money new_budget | Budget
integer new_counter | Counter
date new_deadline | Deadline
time new_reviewedon | Reviewed On
choice new_phase | Phase | 100000000 Idea; 100000001 Design; 100000002 Work; 100000003 Finished
choices new_topics | Topics | 1 Research; 2 Law; 3 Finance; 4 Training
boolean new_billable | Billable
guid new_externalid | External Id
lookup transactioncurrencyid transactioncurrency/transactioncurrencyid | Currency
)";

} // namespace hawser::server
